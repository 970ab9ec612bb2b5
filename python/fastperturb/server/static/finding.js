// Finds the faces of pictures by /v1/locate: of the one that is shown, and of those that wait, one at a time.

import { sendPatiently } from "./api.js";

const NOT_OF_THE_FILE = ["offline", "unauthorised", "forbidden", "too-busy"]; // troubles that another try may end

/** Finds faces for the pictures of a queue; `how()` says how hard to look. */
export class Finding {
	constructor(queue, how) {
		Object.assign(this, { queue, how, looking: false });
	}

	/** Finds the faces of a picture, unless somebody has drawn boxes meanwhile; throws what went wrong. */
	async of(picture, signal, waiting = () => {}) {
		const find = this.how();
		try {
			const params = new URLSearchParams(find ? { find } : {});
			const options = { parts: { image: picture.file }, params, accept: "application/json", signal };
			const { width, height, faces } = await (await sendPatiently("v1/locate", options, waiting)).json();
			if (signal.aborted || picture.edited || find !== this.how()) return;
			Object.assign(picture, { size: { width, height }, boxes: faces, bad: "" });
		} catch (error) {
			if (error.name !== "AbortError" && !NOT_OF_THE_FILE.includes(error.name)) picture.bad = error.title ?? error.message;
			throw error;
		} finally {
			this.queue.show();
		}
	}

	/** Forgets what was found, so that it is looked for anew; boxes by hand stay. */
	forget() {
		for (const picture of this.queue.pictures) if (!picture.edited) Object.assign(picture, { size: null, boxes: [], bad: "" });
	}

	/** Looks at all that nobody has looked at, so that the row tells where there are no faces. */
	async ahead() {
		if (this.looking) return;
		this.looking = true;
		const { signal } = new AbortController();
		for (;;) {
			const next = this.queue.pictures.find((item) => !item.size && !item.bad && item !== this.queue.current);
			if (!next) break;
			try {
				await this.of(next, signal);
			} catch {
				if (!next.bad) break; // the service cannot be asked now; each is looked at when it is shown
			}
		}
		this.looking = false;
	}
}
