// The pictures that were chosen, as a row of thumbnails once there are two.

import { by, faceCount, make, write } from "./ui.js";

/** The row of pictures {file, size, boxes, edited, bad}; calls `choose(picture)` and `removed(picture)`. */
export class Queue {
	constructor(choose, removed) {
		Object.assign(this, { choose, removed, pictures: [], current: null });
		this.list = by("queue").querySelector("ul");
	}

	/** Adds files, and gives their pictures. What could not be read before goes away. */
	add(files) {
		for (const picture of this.pictures.filter(({ bad }) => bad)) this.#drop(picture);
		const added = files.map((file) => ({ file, size: null, boxes: [], edited: false, bad: "" }));
		for (const picture of added) this.#build(picture);
		this.pictures.push(...added);
		this.show();
		return added;
	}

	/** Brings names, states and the mark of the one that is shown up to date. */
	show(current = this.current) {
		this.current = current;
		by("queue").hidden = this.pictures.length < 2;
		this.list.replaceChildren(...this.pictures.map((picture) => picture.row));
		for (const picture of this.pictures) {
			const button = picture.row.querySelector("button");
			button.toggleAttribute("data-bad", Boolean(picture.bad || (picture.size && !picture.boxes.length)));
			write(button.querySelector(".state"), this.#state(picture));
			if (picture === current) button.setAttribute("aria-current", "true");
			else button.removeAttribute("aria-current");
		}
	}

	/** Takes a picture away. */
	remove(picture) {
		const index = this.pictures.indexOf(picture);
		this.#drop(picture);
		const next = this.pictures[Math.min(index, this.pictures.length - 1)];
		this.removed(picture, next);
		this.show();
		(this.pictures.length < 2 ? by("file") : next.row.querySelector("button")).focus();
	}

	#drop(picture) {
		URL.revokeObjectURL(picture.row.querySelector("img").src);
		this.pictures = this.pictures.filter((item) => item !== picture);
	}

	#state({ bad, size, boxes, edited }) {
		if (bad) return bad;
		if (!size) return "not looked at yet";
		if (!boxes.length) return edited ? "no box" : "no face found";
		return edited ? `${boxes.length} ${boxes.length === 1 ? "box" : "boxes"}` : faceCount(boxes.length);
	}

	#build(picture) {
		const { name } = picture.file;
		const image = make("img", { src: URL.createObjectURL(picture.file), alt: "", loading: "lazy", decoding: "async" });
		image.addEventListener("error", () => { image.hidden = true; });
		const words = make("span", {}, make("span", { className: "name", textContent: name }), make("span", { className: "state" }));
		const show = make("button", { type: "button", title: name, onclick: () => this.choose(picture) }, image, words);
		const remove = make("button", { type: "button", textContent: "×", className: "remove", onclick: () => this.remove(picture) });
		remove.setAttribute("aria-label", `Remove ${name}`);
		picture.row = make("li", {}, show, remove);
	}
}
