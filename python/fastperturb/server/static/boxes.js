// The boxes over the original: drawn, moved, resized and removed by mouse, touch, keyboard, and as numbers in a list.
// Boxes are {x, y, width, height, score?, byHand?}, from brow to chin, in pixels of the upright picture.

import { freeSide, placeOver, spanned } from "./geometry.js";
import { by, make } from "./ui.js";

const SIDES = [["x", "Left"], ["y", "Top"], ["width", "Width"], ["height", "Height"]];
const LEAST = 8; // pixels; smaller ones are slips
const MOST = 100; // the service takes no more

const TAG = { width: 20, height: 18 }; // of a label, in pixels of the screen

/** Keeps boxes, shows them in `stage` and `list`, and calls `changed` whenever somebody changed one. */
export class Boxes {
	constructor(stage, list, changed) {
		Object.assign(this, { stage, list, changed, items: [], size: { width: 1, height: 1 }, edited: false });
		stage.addEventListener("pointerdown", (event) => this.#grab(event));
		stage.addEventListener("keydown", (event) => this.#key(event));
		list.addEventListener("change", (event) => this.#typed(event));
		list.addEventListener("click", (event) => event.target.dataset.remove && this.remove(+event.target.dataset.remove));
	}

	/** Begins with a picture of this size, and these boxes; `edited` if they are not just what a detector found. */
	begin(size, items, edited = false) {
		Object.assign(this, { size, edited });
		this.items = items.map((item) => this.#inside({ ...item }));
		this.show();
	}

	/** Adds a box in the middle, and moves the keyboard there. */
	addInTheMiddle() {
		if (this.items.length >= MOST) return;
		const { width, height } = this.size;
		const side = Math.max(LEAST, Math.round(Math.min(width, height) / 4));
		const shift = 12 * (this.items.length % 8);
		this.items.push(this.#inside({
			x: Math.round((width - side) / 2) + shift, y: Math.round((height - side) / 2) + shift,
			width: side, height: side, byHand: true,
		}));
		this.show();
		this.#element(this.items.length - 1).focus({ preventScroll: true });
		this.#changed();
	}

	/** Takes a box away; the keyboard goes to the next one. */
	remove(index) {
		const inList = this.list.contains(document.activeElement);
		this.items.splice(index, 1);
		this.show();
		const next = Math.min(index, this.items.length - 1);
		const target = inList ? this.list.querySelector(`[data-remove="${next}"]`) : this.#element(next);
		(target ?? by("add-face")).focus();
		this.#changed();
	}

	/** Draws all of them again. */
	show() {
		const focused = this.stage.contains(document.activeElement) ? document.activeElement.dataset.index : null;
		for (const old of this.stage.querySelectorAll(".box")) old.remove();
		this.stage.append(...this.items.map((_, index) => this.#build(index)));
		this.list.replaceChildren(...this.items.map((_, index) => this.#row(index)));
		by("face-count").textContent = this.items.length;
		this.items.forEach((_, index) => this.#place(index));
		this.placeTags();
		if (focused !== null) this.#element(+focused)?.focus();
	}

	/** Puts the boxes' numbers where they cover no face, at the scale at which the picture is shown. */
	placeTags() {
		const scale = this.size.width / (this.stage.clientWidth || 1);
		const label = { width: TAG.width * scale, height: TAG.height * scale };
		this.items.forEach((item, index) => {
			this.#element(index).querySelector(".tag").dataset.side = freeSide(item, label, this.items, this.size);
		});
	}

	#changed() {
		this.edited = true;
		this.changed();
	}

	#element(index) {
		return this.stage.querySelector(`.box[data-index="${index}"]`);
	}

	#build(index) {
		const tag = make("span", { className: "tag", textContent: index + 1 });
		const box = make("div", { tabIndex: 0, className: "box" }, tag, make("span", { className: "grip" }));
		box.dataset.index = index;
		box.setAttribute("role", "application"); // its keys are its own, so screen readers must let them through
		box.setAttribute("aria-roledescription", "box to move and resize");
		box.setAttribute("aria-describedby", "box-help");
		return box;
	}

	#row(index) {
		const fields = SIDES.map(([name, label]) => {
			const input = make("input", { type: "number", inputMode: "numeric", step: 1 });
			Object.assign(input.dataset, { index, side: name });
			return make("label", {}, label, input);
		});
		const remove = make("button", { type: "button", textContent: "Remove" });
		remove.dataset.remove = index;
		remove.setAttribute("aria-label", `Remove box ${index + 1}`);
		const row = make("div", { className: "row" }, ...fields, remove);
		row.setAttribute("role", "group");
		row.setAttribute("aria-label", `Box ${index + 1}`);
		return make("li", {}, row);
	}

	#place(index) {
		const item = this.items[index];
		const element = this.#element(index);
		placeOver(element, item, this.size);
		const kind = item.byHand ? "by hand" : "a found face";
		const text = `Box ${index + 1}, ${kind}: left ${item.x}, top ${item.y}, ${item.width} by ${item.height} pixels`;
		element.setAttribute("aria-label", text);
		for (const input of this.list.querySelectorAll(`input[data-index="${index}"]`)) {
			input.value = item[input.dataset.side];
		}
	}

	#inside(item) {
		const { width, height } = this.size;
		item.width = Math.min(Math.max(Math.round(item.width) || 0, Math.min(LEAST, width)), width);
		item.height = Math.min(Math.max(Math.round(item.height) || 0, Math.min(LEAST, height)), height);
		item.x = Math.min(Math.max(Math.round(item.x) || 0, 0), width - item.width);
		item.y = Math.min(Math.max(Math.round(item.y) || 0, 0), height - item.height);
		return item;
	}

	#change(index, change) {
		const item = this.items[index];
		this.#inside(Object.assign(item, change, { byHand: true }));
		delete item.score;
		this.#place(index);
		this.placeTags();
		this.#changed();
	}

	#typed(event) {
		const { index, side } = event.target.dataset;
		if (side) this.#change(+index, { [side]: Number(event.target.value) });
	}

	#key(event) {
		const index = Number(event.target.dataset.index);
		const item = this.items[index];
		if (!item || !event.target.classList.contains("box")) return;
		if (event.key === "Delete" || event.key === "Backspace") {
			event.preventDefault();
			this.remove(index);
			return;
		}
		const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
		if (!way || event.altKey || event.metaKey) return;
		event.preventDefault();
		const step = event.ctrlKey ? 1 : Math.max(1, Math.round(Math.min(this.size.width, this.size.height) / 100));
		const [dx, dy] = way.map((sign) => sign * step);
		this.#change(index, event.shiftKey ? this.#stretched(item, dx, dy) : { x: item.x + dx, y: item.y + dy });
	}

	#stretched({ x, y, width, height }, dx, dy) {
		return { width: Math.min(width + dx, this.size.width - x), height: Math.min(height + dy, this.size.height - y) };
	}

	#point(event) {
		const frame = this.stage.getBoundingClientRect();
		return {
			x: ((event.clientX - frame.left) / frame.width) * this.size.width,
			y: ((event.clientY - frame.top) / frame.height) * this.size.height,
		};
	}

	/** A press on a box moves it, on its corner resizes it; on free space it draws one (not by touch: that scrolls). */
	#grab(event) {
		if (event.button !== 0 || this.stage.closest(".plain")) return;
		const box = event.target.closest(".box");
		const from = this.#point(event);
		if (!box && (event.pointerType === "touch" || this.items.length >= MOST)) return;
		event.preventDefault();
		if (!box) {
			this.#follow(event, null, (to) => spanned(from, to));
			return;
		}
		const index = Number(box.dataset.index);
		const was = { ...this.items[index] };
		const resizing = event.target.classList.contains("grip");
		box.focus({ preventScroll: true });
		this.#follow(event, index, (to) => {
			const [dx, dy] = [to.x - from.x, to.y - from.y];
			return resizing ? this.#stretched(was, dx, dy) : { x: was.x + dx, y: was.y + dy };
		});
	}

	/** Follows the pointer until it is let go; `index` is null while there is no box yet. */
	#follow(event, index, changeFor) {
		const move = (next) => {
			if (next.pointerId !== event.pointerId) return;
			const { x, y } = this.#point(next);
			const to = { x: Math.min(Math.max(x, 0), this.size.width), y: Math.min(Math.max(y, 0), this.size.height) };
			const change = changeFor(to);
			if (index === null) {
				if (change.width < LEAST || change.height < LEAST) return;
				index = this.items.push({ ...change, byHand: true }) - 1;
				this.show();
				this.#element(index).focus();
			}
			this.#change(index, change);
		};
		const until = new AbortController();
		const end = (next) => {
			if (next.pointerId === event.pointerId) until.abort();
		};
		window.addEventListener("pointermove", move, until);
		window.addEventListener("pointerup", end, until);
		window.addEventListener("pointercancel", end, until);
	}
}
