// Zoom of the one picture: a stage of any size in a viewport that scrolls; what is large is asked for in parts.

import { imageUrl } from "./talk.js";
import { by } from "./ui.js";

const SIDE = 2048; // of the reduced copy of the whole picture, and of parts
const STEP = 1.4;
const MOST = 8; // pixels of the screen for one of the picture

/** Shows a picture `number` of `size` in the viewport; calls `moved` after each change of scale. */
export class Lens {
	constructor(moved) {
		Object.assign(this, { moved, size: null, number: null, parts: true, scale: 1, isWhole: true, wait: 0, asking: null });
		this.viewport = by("viewport");
		this.stage = by("stage");
		by("zoom-in").addEventListener("click", () => this.by(STEP));
		by("zoom-out").addEventListener("click", () => this.by(1 / STEP));
		by("zoom-whole").addEventListener("click", () => this.whole());
		this.viewport.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
		this.viewport.addEventListener("scroll", () => this.#askSoon());
		this.viewport.addEventListener("pointerdown", (event) => this.#drag(event));
		this.#pinch();
		new ResizeObserver(() => this.size && (this.isWhole || this.scale < this.fit) && this.whole()).observe(this.viewport);
	}

	/** Begins with another picture, of which `url` is a reduced copy; without `parts` there is nothing finer. */
	begin(number, size, url, parts = true) {
		Object.assign(this, { number, parts });
		by("part").hidden = true;
		this.size = size;
		by("whole").src = url;
		this.whole();
	}

	get fit() {
		const { clientWidth, clientHeight } = this.viewport;
		return Math.min(clientWidth / this.size.width, clientHeight / this.size.height, MOST);
	}

	whole() {
		if (!this.size) return;
		this.#set(this.fit);
		this.isWhole = true;
	}

	/** Zooms by a factor about a point of the window, or the viewport's middle. */
	by(factor, at) {
		if (!this.size) return;
		const frame = this.viewport.getBoundingClientRect();
		const point = at ?? { x: frame.left + frame.width / 2, y: frame.top + frame.height / 2 };
		const stage = this.stage.getBoundingClientRect();
		const share = { x: (point.x - stage.left) / stage.width, y: (point.y - stage.top) / stage.height };
		this.#set(this.scale * factor);
		const now = this.stage.getBoundingClientRect();
		this.viewport.scrollLeft += now.left + share.x * now.width - point.x;
		this.viewport.scrollTop += now.top + share.y * now.height - point.y;
		this.#askSoon();
	}

	/** Shows a box with room around it. */
	showBox(box) {
		const { clientWidth, clientHeight } = this.viewport;
		this.#set(Math.max(this.fit, Math.min(clientWidth / (3 * box.width), clientHeight / (3 * box.height))));
		this.viewport.scrollLeft = (box.x + box.width / 2) * this.scale - clientWidth / 2;
		this.viewport.scrollTop = (box.y + box.height / 2) * this.scale - clientHeight / 2;
		this.#askSoon();
	}

	/** The middle of what is shown, in pixels of the picture. */
	get middle() {
		const [frame, stage] = [this.viewport.getBoundingClientRect(), this.stage.getBoundingClientRect()];
		return {
			x: (frame.left + frame.width / 2 - stage.left) / this.scale,
			y: (frame.top + frame.height / 2 - stage.top) / this.scale,
		};
	}

	#set(scale) {
		this.scale = Math.min(Math.max(scale, Math.min(this.fit, 1)), MOST);
		this.isWhole = false;
		this.stage.style.width = `${this.size.width * this.scale}px`;
		this.stage.style.height = `${this.size.height * this.scale}px`;
		by("zoom-level").textContent = `${Math.round(100 * this.scale)} %`;
		this.moved();
		this.#askSoon();
	}

	/** Where the reduced copy is too coarse, the part that is shown is asked for by itself. */
	#askSoon() {
		clearTimeout(this.wait);
		this.wait = setTimeout(() => this.#ask().catch((error) => error.name === "AbortError" || console.warn(error.message)), 150);
	}

	async #ask() {
		if (!this.size || !this.parts) return;
		const reduced = Math.min(1, SIDE / Math.max(this.size.width, this.size.height));
		const part = by("part");
		if (this.scale * devicePixelRatio <= 1.2 * reduced || reduced === 1) {
			part.hidden = true;
			return;
		}
		const [frame, stage] = [this.viewport.getBoundingClientRect(), this.stage.getBoundingClientRect()];
		const x = Math.max(0, Math.floor((frame.left - stage.left) / this.scale));
		const y = Math.max(0, Math.floor((frame.top - stage.top) / this.scale));
		const width = Math.min(this.size.width - x, Math.ceil(frame.width / this.scale) + 1);
		const height = Math.min(this.size.height - y, Math.ceil(frame.height / this.scale) + 1);
		this.asking?.abort();
		this.asking = new AbortController();
		const number = this.number;
		const url = await imageUrl(number, SIDE, [x, y, width, height], this.asking.signal);
		if (number !== this.number) {
			URL.revokeObjectURL(url);
			return;
		}
		if (part.src) URL.revokeObjectURL(part.src);
		part.src = url;
		const share = (length, whole) => `${(100 * length) / whole}%`;
		Object.assign(part.style, {
			left: share(x, this.size.width), top: share(y, this.size.height),
			width: share(width, this.size.width), height: share(height, this.size.height),
		});
		part.hidden = false;
	}

	#wheel(event) {
		if (!event.ctrlKey) return;
		event.preventDefault();
		this.by(STEP ** Math.max(-1, Math.min(-event.deltaY / 100, 1)), { x: event.clientX, y: event.clientY });
	}

	#drag(event) {
		if (event.button !== 1) return;
		event.preventDefault();
		const from = { left: this.viewport.scrollLeft, top: this.viewport.scrollTop };
		const until = new AbortController();
		window.addEventListener("pointermove", (next) => {
			this.viewport.scrollLeft = from.left - (next.clientX - event.clientX);
			this.viewport.scrollTop = from.top - (next.clientY - event.clientY);
		}, until);
		for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => until.abort(), until);
	}

	/** Two fingers. */
	#pinch() {
		let last = 0;
		const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
		this.viewport.addEventListener("touchstart", ({ touches }) => {
			last = touches.length === 2 ? apart(touches) : 0;
		}, { passive: true });
		this.viewport.addEventListener("touchmove", (event) => {
			if (event.touches.length !== 2 || !last) return;
			event.preventDefault();
			const [a, b] = event.touches;
			const now = apart(event.touches);
			this.by(now / last, { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 });
			last = now;
		}, { passive: false });
	}
}
