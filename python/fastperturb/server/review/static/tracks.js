// The list of a video's tracks, each with pictures of four of its frames and buttons.

import { frameUrl } from "./talk.js";
import { by, make } from "./ui.js";

const SMALL = 1280; // of the frame that a small picture is cut from
const NAMES = ["first", "middle", "last", "least sure"];

/** Seconds as minutes and seconds: 1:02.50. */
export function clock(seconds) {
	const hundredths = Math.max(0, Math.round(seconds * 100));
	return `${Math.floor(hundredths / 6000)}:${String(Math.floor((hundredths % 6000) / 100)).padStart(2, "0")}.${String(hundredths % 100).padStart(2, "0")}`;
}

/** When a track is there, in words. */
export function when({ from, to, first, last }) {
	return `${clock(from)} to ${clock(to)}, frames ${first + 1} to ${last + 1}`;
}

/** Shows tracks. `acts` has what its buttons do: choose(id), then show(frame), spare(id, spared) or remove(id). */
export class TrackList {
	constructor(acts, told) {
		Object.assign(this, { acts, told, item: null, small: new Map(), rows: new Map() });
		this.seen = new IntersectionObserver((entries) => {
			for (const { isIntersecting, target } of entries) if (isIntersecting) this.#load(target);
		}, { rootMargin: "100px" });
	}

	show(item) {
		this.item = item;
		const focused = document.activeElement?.closest?.("#tracks button")?.dataset.name;
		this.rows = new Map(item.tracks.map((track) => [track.id, this.#kept(track)]));
		this.#put([...this.rows.values()].map(({ row }) => row));
		if (focused) by("tracks").querySelector(`[data-name="${focused}"]`)?.focus({ preventScroll: true });
		const keys = new Set([...by("tracks").querySelectorAll("img")].map((image) => image.dataset.key));
		for (const [key, url] of this.small) {
			if (keys.has(key)) continue;
			URL.revokeObjectURL(url);
			this.small.delete(key);
		}
	}

	mark(id) {
		for (const row of by("tracks").children) row.toggleAttribute("data-current", +row.dataset.track === id);
	}

	forget() {
		for (const url of this.small.values()) URL.revokeObjectURL(url);
		this.small.clear();
	}

	/** The row that a track has, for a button in it may be pressed just now; another if anything of the track is new. */
	#kept(track) {
		const { id, state } = this.item;
		const said = JSON.stringify([id, state, track]);
		const old = this.rows.get(track.id);
		return old?.said === said ? old : { said, row: this.#row(track) };
	}

	#put(rows) {
		const list = by("tracks");
		for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
		rows.forEach((row, index) => { if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null); });
	}

	#row(track) {
		const { id, spared } = track;
		const sure = track.drawn ? `drawn in ${track.drawn}` : `seen in ${track.seen} of ${track.last - track.first + 1} frames, mean score ${(1 - track.doubt).toFixed(2)}`;
		const row = make("li", {},
			make("p", {}, make("strong", {}, `Face ${id}${spared ? ", left as it is" : ""}`), ` ${when(track)}; ${sure}`),
			make("div", { className: "pictures" }, ...track.show.map((frame, index) => this.#picture(track, frame, index))),
			make("div", { className: "row" },
				this.#button("spare", spared ? "Hide this face" : "Leave this face", track, () => this.acts.spare(id, !spared)),
				this.#button("remove", "Delete track", track, () => this.acts.remove(id))));
		row.dataset.track = id;
		row.dataset.spared = spared;
		return row;
	}

	#button(name, text, { id }, act) {
		const onclick = () => {
			this.acts.choose(id);
			act().catch(this.told);
		};
		const button = make("button", { type: "button", textContent: text, ariaLabel: `${text}, face ${id}`, onclick });
		button.dataset.name = `${name}-${id}`;
		button.disabled = this.item.state === "waiting" || this.item.state === "broken";
		return button;
	}

	#picture(track, frame, index) {
		const image = make("img", { alt: "" });
		Object.assign(image.dataset, { frame, track: track.id, key: [track.id, frame, track.version].join() });
		this.seen.observe(image);
		const button = this.#button(`show${index}`, NAMES[index], track, () => this.acts.show(frame));
		button.prepend(image);
		return button;
	}

	async #load(image) {
		const { frame, track, key } = image.dataset;
		if (image.src || !image.isConnected) return;
		try {
			if (!this.small.has(key)) this.small.set(key, await frameUrl(this.item.id, frame, SMALL, track));
			image.src = this.small.get(key);
		} catch { /* the track was changed meanwhile, and has other pictures */ }
	}
}
