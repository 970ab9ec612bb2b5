// The queue: all pictures in the order in which they are to be looked at, with small copies that are asked for when seen.

import { frameUrl, imageUrl } from "./talk.js";
import { by, make, write } from "./ui.js";

const SMALL = 160;
const SHOWN = {
	all: () => true,
	open: ({ state }) => state === "open" || state === "waiting",
	done: ({ state }) => state === "done",
	stale: ({ stale }) => stale,
	broken: ({ state }) => state === "broken",
};

/** Which of two pictures is to be looked at first. */
const compare = ({ order: a }, { order: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/** Keeps the pictures; calls `chosen(id)` when one is. */
export class Line {
	constructor(chosen) {
		Object.assign(this, { chosen, items: new Map(), rows: new Map(), order: [], current: null });
		this.list = by("pictures");
		this.small = new Map();
		this.seen = new IntersectionObserver((entries) => {
			for (const { isIntersecting, target } of entries) if (isIntersecting) this.#load(target);
		}, { rootMargin: "200px" });
		by("filter").addEventListener("change", () => this.arrange());
		this.list.addEventListener("pointerdown", () => { this.pressed = true; });
		for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => setTimeout(() => this.#released()));
	}

	/** Takes over what changed. While the detector is at work the order changes; a picture that was looked at keeps its place. */
	take(items) {
		for (const item of items) {
			const fresh = !this.items.has(item.id);
			const old = this.items.get(item.id);
			// Who mends a picture must not see it jump: its place is decided when the detector has looked at it.
			if (old && old.state !== "waiting" && !item.stale) item.order = old.order;
			this.items.set(item.id, item);
			if (fresh) this.rows.set(item.id, this.#row(item.id));
			this.#fill(item.id);
		}
		if (items.length) this.arrange();
	}

	#released() {
		if (!this.pressed) return;
		this.pressed = false;
		this.arrange();
	}

	arrange() {
		const shown = SHOWN[by("filter").value];
		this.order = [...this.items.values()].filter(shown).sort(compare).map(({ id }) => id);
		const rows = this.order.map((id) => this.rows.get(id));
		const same = rows.length === this.list.children.length && rows.every((row, index) => this.list.children[index] === row);
		if (!same && !this.pressed) this.list.replaceChildren(...rows); // a row that is moved while it is pressed loses the press
		by("queue-note").textContent = rows.length ? "" : "None.";
	}

	mark(id) {
		this.rows.get(this.current)?.firstChild.removeAttribute("aria-current");
		this.current = id;
		const button = this.rows.get(id)?.firstChild;
		button?.setAttribute("aria-current", "true");
		button?.scrollIntoView({ block: "nearest", inline: "nearest" });
	}

	/** The picture so many places further, or null. */
	beside(steps) {
		const at = this.order.indexOf(this.current);
		return this.order[at < 0 ? 0 : at + steps] ?? null;
	}

	/** The first picture that a person has not looked at, other than this one; null if there is none. */
	nextOpen(id) {
		const open = [...this.items.values()].filter((item) => item.id !== id && item.state === "open").sort(compare);
		const here = this.items.get(id);
		return (open.find((item) => !here || compare(item, here) > 0) ?? open[0])?.id ?? null;
	}

	#row(id) {
		const image = make("img", { alt: "" });
		const name = make("span", { className: "name" });
		const why = make("span", { className: "why" });
		const button = make("button", { type: "button", onclick: () => this.chosen(id) }, image, make("span", {}, name, why));
		const row = make("li", {}, button);
		row.dataset.id = id;
		this.seen.observe(row);
		return row;
	}

	#fill(id) {
		const item = this.items.get(id);
		const row = this.rows.get(id);
		row.dataset.state = item.state;
		row.dataset.kind = item.kind ?? "picture";
		row.dataset.stale = item.stale;
		write(row.querySelector(".name"), item.name);
		const spared = item.spared ? `, ${item.spared} left` : "";
		const count = item.state === "broken" || item.state === "waiting" ? "" : `${item.faces} to hide${spared}; `;
		write(row.querySelector(".why"), item.state === "done" ? `${item.faces} to hide${spared}` : count + item.reason);
		row.firstChild.setAttribute("aria-label", `${item.name}, ${item.state === "done" ? "reviewed, " : ""}${row.querySelector(".why").textContent}`);
	}

	async #load(row) {
		const id = +row.dataset.id;
		const { state, kind, frame } = this.items.get(id);
		if (this.small.has(id) || state === "broken" || state === "waiting") return;
		this.small.set(id, null);
		try {
			row.querySelector("img").src = await (kind === "video" ? frameUrl(id, frame, SMALL) : imageUrl(id, SMALL));
		} catch {
			this.small.delete(id);
		}
	}

	/** Small copies of what became readable while it was in sight. */
	refresh() {
		const frame = this.list.getBoundingClientRect();
		for (const row of this.list.children) {
			const { bottom, top, left, right } = row.getBoundingClientRect();
			if (bottom >= frame.top && top <= frame.bottom && right >= frame.left && left <= frame.right) this.#load(row);
		}
	}
}
