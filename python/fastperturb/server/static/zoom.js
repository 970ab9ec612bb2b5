// Zoom and place of all pictures, which show the same part: by wheel, drag, buttons and keys. Nothing of it is kept.

import { by } from "./ui.js";

const MOST = 16;
const STEP = 1.5;
const WAYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The zoom of `area`; calls `moved` after each change. The part that is shown begins at (x, y), in shares of a stage. */
export class Zoom {
	constructor(area, moved) {
		Object.assign(this, { area, moved, scale: 1, x: 0, y: 0 });
		by("zoom-in").addEventListener("click", () => this.by(STEP));
		by("zoom-out").addEventListener("click", () => this.by(1 / STEP));
		by("zoom-whole").addEventListener("click", () => this.reset());
		by("zoom").addEventListener("keydown", (event) => this.#key(event));
		for (const stage of area.querySelectorAll(".stage")) {
			stage.addEventListener("wheel", (event) => this.#wheel(event, stage), { passive: false });
			stage.addEventListener("pointerdown", (event) => this.#drag(event, stage));
		}
	}

	/** Shows the whole picture again. */
	reset() {
		this.#set(1, 0, 0);
	}

	/** Zooms by a factor about a point of the stages, in shares. */
	by(factor, at = { x: 0.5, y: 0.5 }) {
		const scale = Math.min(Math.max(this.scale * factor, 1), MOST);
		const ratio = scale / this.scale;
		this.#set(scale, at.x - (at.x - this.x) * ratio, at.y - (at.y - this.y) * ratio);
	}

	/** Shows a box of a picture of a size, with room around it. */
	showBox(box, size) {
		const scale = Math.min(Math.max(0.5 / Math.max(box.width / size.width, box.height / size.height), 1), MOST);
		const middle = { x: (box.x + box.width / 2) / size.width, y: (box.y + box.height / 2) / size.height };
		this.#set(scale, 0.5 - scale * middle.x, 0.5 - scale * middle.y);
	}

	#set(scale, x, y) {
		const inside = (start) => Math.min(Math.max(start, 1 - scale), 0);
		Object.assign(this, { scale, x: inside(x), y: inside(y) });
		for (const [name, value] of Object.entries({ zoom: scale, "zoom-x": this.x, "zoom-y": this.y })) {
			this.area.style.setProperty(`--${name}`, value);
		}
		this.area.classList.toggle("zoomed", scale > 1);
		by("zoom-level").textContent = `${Math.round(100 * scale)} %`;
		by("zoom-in").disabled = scale >= MOST;
		by("zoom-out").disabled = by("zoom-whole").disabled = scale <= 1;
		this.moved();
	}

	/** The wheel scrolls the page until Ctrl is held, as in a pinch, or the pictures are zoomed already. */
	#wheel(event, stage) {
		if (!event.ctrlKey && this.scale === 1) return;
		event.preventDefault();
		const frame = stage.getBoundingClientRect();
		const at = { x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height };
		this.by(STEP ** Math.max(-1, Math.min(-event.deltaY / 100, 1)), at);
	}

	#key(event) {
		const way = WAYS[event.key];
		if (!way) return;
		event.preventDefault();
		this.#set(this.scale, this.x + way[0] / 8, this.y + way[1] / 8);
	}

	/** A drag moves all pictures; over the original it is for boxes, unless by the middle button or a finger beside them. */
	#drag(event, stage) {
		const beside = event.pointerType === "touch" && !event.target.closest(".box");
		const mine = event.button === 1 || (event.button === 0 && (stage.id !== "stage" || beside));
		if (!mine || this.scale === 1) return;
		event.preventDefault();
		const frame = stage.getBoundingClientRect();
		const from = { x: this.x, y: this.y };
		const until = new AbortController();
		window.addEventListener("pointermove", (next) => {
			if (next.pointerId !== event.pointerId) return;
			const [dx, dy] = [next.clientX - event.clientX, next.clientY - event.clientY];
			this.#set(this.scale, from.x + dx / frame.width, from.y + dy / frame.height);
		}, until);
		for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => until.abort(), until);
	}
}
