// The boxes of one picture: drawn, moved, resized, spared and removed by mouse, touch and keyboard, with undo.
// A box is {x, y, width, height, shape?, kind, score?, by?} in pixels of the upright picture; kind is face, spared, perhaps.

import { freeSide, placeOver, spanned } from "./geometry.js";
import { by, make, write } from "./ui.js";

const LEAST = 4; // pixels of the picture
const TAG = { width: 24, height: 20 }; // of a label, in pixels of the screen
const WORDS = { face: "to hide", spared: "left as it is", perhaps: "perhaps a face, not hidden" };
const MOST_UNDONE = 100;

/** Keeps the boxes, shows them on the stage and in the list; calls `changed` when a person changed one. */
export class Editor {
	constructor(lens, changed) {
		Object.assign(this, { lens, changed, items: [], size: { width: 1, height: 1 }, before: [], locked: true, held: null, elements: [] });
		this.stage = by("stage");
		this.stage.addEventListener("pointerdown", (event) => this.#grab(event));
		this.stage.addEventListener("keydown", (event) => this.#key(event));
		this.stage.addEventListener("focusin", () => this.#selected());
		this.stage.addEventListener("focusout", () => setTimeout(() => this.#selected()));
		this.last = null;
		this.undoable = () => this.before.length > 0; // a video's changes are undone by the server
	}

	begin(item) {
		const { width, height, boxes, state } = item;
		Object.assign(this, { size: { width, height }, before: [], last: null });
		this.locked = state === "broken" || state === "waiting";
		this.items = boxes.map((box) => ({ ...box }));
		this.show(null);
	}

	/** Goes to the box of a track of a video, if it is there. */
	focusTrack(track) {
		if (this.pick(track)) this.focus(this.last);
		return this.last !== null;
	}

	/** What is done next is done to the box of a track of a video, or to none if it is not there; tells whether it is. */
	pick(track) {
		const index = this.items.findIndex((item) => item.track === track);
		this.last = index < 0 ? null : index;
		this.#selected();
		return index >= 0;
	}

	/** The boxes as the server takes them. */
	get plain() {
		return this.items.map(({ x, y, width, height, shape, kind }) => ({ x, y, width, height, kind, ...(shape && { shape }) }));
	}

	count(kind) {
		return this.items.filter((item) => item.kind === kind).length;
	}

	/** The box that the keyboard is at, or was at last. */
	get current() {
		return this.items[this.last] ? this.last : null;
	}

	addInTheMiddle() {
		if (this.locked) return;
		const { x, y } = this.lens.middle;
		const side = Math.max(LEAST, Math.round(Math.min(this.size.width, this.size.height, 480 / this.lens.scale) / 4));
		this.#remember();
		this.items.push(this.#inside({ x: x - side / 2, y: y - side / 2, width: side, height: side, kind: "face" }));
		this.show();
		this.focus(this.items.length - 1);
		this.changed();
	}

	/** Leaves a face as it is, or hides it again; what was perhaps one is hidden from then on. */
	toggle(index = this.current) {
		if (index === null || this.locked) return;
		this.#remember();
		const item = this.items[index];
		item.kind = item.kind === "face" ? "spared" : "face";
		this.#place(index);
		this.focus(index);
		this.#selected();
		this.changed();
	}

	remove(index = this.current) {
		if (index === null || this.locked) return;
		this.#remember();
		this.items.splice(index, 1);
		this.show();
		if (this.items.length) this.focus(Math.min(index, this.items.length - 1));
		else by("viewport").focus({ preventScroll: true });
		this.changed();
	}

	takeAll() {
		if (this.locked || !this.count("perhaps")) return;
		this.#remember();
		for (const item of this.items) if (item.kind === "perhaps") item.kind = "face";
		this.show();
		this.changed();
	}

	undo() {
		const text = this.before.pop();
		if (text === undefined) return;
		this.items = JSON.parse(text);
		this.show();
		this.changed();
	}

	focus(index) {
		this.elements[index]?.focus({ preventScroll: true });
	}

	/** The next box after the one that was looked at last, with the zoom on it. */
	next() {
		if (!this.items.length) return;
		const index = this.last === null ? 0 : (this.last + 1) % this.items.length;
		this.focus(index);
		this.last = index;
		this.lens.showBox(this.items[index]);
	}

	/** Shows all boxes anew. The keyboard stays at the box of the same number, or at none if they are others. */
	show(focused = this.stage.contains(document.activeElement) ? document.activeElement.dataset.index : null) {
		for (const old of this.stage.querySelectorAll(".box")) old.remove();
		this.elements = this.items.map((_, index) => this.#build(index));
		this.stage.append(...this.elements);
		by("boxes").replaceChildren(...this.items.map((_, index) => make("li", {}, make("button", {
			type: "button", onclick: () => { this.lens.showBox(this.items[index]); this.focus(index); },
		}))));
		this.items.forEach((_, index) => this.#place(index));
		this.placeTags();
		if (focused !== null) this.focus(focused);
		this.#selected();
	}

	/** Labels where they cover no face. With very many boxes only small numbers of comparisons are affordable. */
	placeTags() {
		const label = { width: TAG.width / this.lens.scale, height: TAG.height / this.lens.scale };
		const many = this.items.length > 300;
		this.items.forEach((item, index) => {
			const tag = this.elements[index].firstChild;
			tag.dataset.side = many ? "none" : freeSide(item, label, this.items, this.size);
		});
	}

	#build(index) {
		const tag = make("span", { className: "tag", textContent: this.items[index].track ?? index + 1 });
		const box = make("div", { tabIndex: 0, className: "box" }, tag, make("span", { className: "grip" }));
		box.dataset.index = index;
		box.setAttribute("role", "application");
		box.setAttribute("aria-roledescription", "box to move and resize");
		box.setAttribute("aria-describedby", "keys-help");
		return box;
	}

	#place(index) {
		const item = this.items[index];
		const element = this.elements[index];
		placeOver(element, item, this.size);
		element.dataset.kind = item.kind;
		element.dataset.shape = item.shape ?? "box";
		const sure = item.score === undefined ? "by hand" : `score ${item.score.toFixed(2)}`;
		const text = `${WORDS[item.kind]}, ${sure}: left ${item.x}, top ${item.y}, ${item.width} by ${item.height} pixels`;
		element.setAttribute("aria-label", `${item.track === undefined ? `Box ${index + 1}` : `Face ${item.track}`}, ${text}`);
		write(by("boxes").children[index].firstChild, text);
	}

	#selected() {
		const index = document.activeElement?.closest?.(".box")?.dataset.index;
		if (index !== undefined) this.last = +index;
		const item = this.items[this.current];
		by("spare").disabled = by("remove").disabled = !item || this.locked;
		write(by("spare"), !item || item.kind === "face" ? "Leave this face" : "Hide this face");
		by("take").hidden = !this.count("perhaps") || this.locked;
		by("undo").disabled = !this.undoable();
		by("add").disabled = this.locked;
	}

	#remember() {
		this.before.push(JSON.stringify(this.items));
		if (this.before.length > MOST_UNDONE) this.before.shift();
	}

	#inside(item) {
		const { width, height } = this.size;
		item.width = Math.min(Math.max(Math.round(item.width), Math.min(LEAST, width)), width);
		item.height = Math.min(Math.max(Math.round(item.height), Math.min(LEAST, height)), height);
		item.x = Math.min(Math.max(Math.round(item.x), 0), width - item.width);
		item.y = Math.min(Math.max(Math.round(item.y), 0), height - item.height);
		return item;
	}

	#change(index, change) {
		const item = this.items[index];
		this.#inside(Object.assign(item, change));
		delete item.score;
		if (item.kind === "perhaps") item.kind = "face";
		this.#place(index);
	}

	#key(event) {
		const index = Number(event.target.dataset.index);
		const item = this.items[index];
		if (!item || this.locked) return;
		if (event.key === "Delete" || event.key === "Backspace") {
			event.preventDefault();
			this.remove(index);
			return;
		}
		const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
		if (!way || event.altKey || event.metaKey) return;
		event.preventDefault();
		const step = event.ctrlKey ? 1 : Math.max(1, Math.round(8 / this.lens.scale));
		const [dx, dy] = way.map((sign) => sign * step);
		this.#remember();
		this.#change(index, event.shiftKey ? this.#stretched(item, dx, dy) : { x: item.x + dx, y: item.y + dy });
		this.placeTags();
		this.#selected();
		this.changed();
	}

	#stretched({ x, y, width, height }, dx, dy) {
		return { width: Math.min(width + dx, this.size.width - x), height: Math.min(height + dy, this.size.height - y) };
	}

	#point(event) {
		const frame = this.stage.getBoundingClientRect();
		const share = (at, length, whole) => Math.min(Math.max((at / length) * whole, 0), whole);
		return {
			x: share(event.clientX - frame.left, frame.width, this.size.width),
			y: share(event.clientY - frame.top, frame.height, this.size.height),
		};
	}

	/** A press on a box moves it, on its corner resizes it; on free space, or while adding, it draws one. */
	#grab(event) {
		if (event.button !== 0 || this.locked || !event.isPrimary) return;
		const adding = this.stage.classList.contains("adding");
		const box = adding ? null : event.target.closest(".box");
		if (!box && !adding && event.pointerType === "touch") return; // a finger scrolls
		event.preventDefault();
		const from = this.#point(event);
		if (!box) {
			by("viewport").focus({ preventScroll: true });
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
		const before = JSON.stringify(this.items);
		let moved = false;
		let release;
		const held = this.held = new Promise((resolve) => { release = resolve; }); // nothing else is shown until it is let go
		const slip = LEAST + 2 / this.lens.scale;
		const move = (next) => {
			if (next.pointerId !== event.pointerId) return;
			const change = changeFor(this.#point(next));
			if (index === null) {
				if (change.width < slip || change.height < slip) return;
				index = this.items.push({ ...change, kind: "face" }) - 1;
				this.show();
				this.focus(index);
			} else if (!moved && Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) < 3) {
				return;
			}
			moved = true;
			this.#change(index, change);
		};
		const until = new AbortController();
		const end = (next) => {
			if (next.pointerId !== event.pointerId) return;
			until.abort();
			if (this.held === held) this.held = null;
			release();
			if (!moved) return;
			this.before.push(before);
			by("stage").classList.remove("adding");
			by("add").setAttribute("aria-pressed", "false");
			this.placeTags();
			this.#selected();
			this.changed();
		};
		window.addEventListener("pointermove", move, until);
		window.addEventListener("pointerup", end, until);
		window.addEventListener("pointercancel", end, until);
	}
}
