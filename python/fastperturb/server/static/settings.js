// What is set on the page beside boxes and key, and what it means in a request: parameters by protection.

import { Dial } from "./dial.js";
import { asRegions } from "./geometry.js";
import { by, formatFor } from "./ui.js";

const WINDOWS = {
	cells: { label: "Cells across the face", unit: "cells", min: 1, max: 32, step: 1, value: 8 },
	window: { label: "Pixels", unit: "pixels", min: 4, max: 128, step: 1, value: 12 },
	region: { label: "The whole box" },
};
const AMOUNTS = {
	all: { label: "All" },
	coverage: { label: "Share", unit: "% of each box", min: 1, max: 100, step: 1, value: 50 },
	pixels: { label: "Number", unit: "pixels a box", min: 2, max: 20_000, step: 1, value: 8_000 },
	psnr: { label: "Target PSNR", unit: "dB", min: 5, max: 60, step: 0.5, value: 30 },
};
const CONCERNED = { // which protections a setting changes; all where it is not named
	tone: ["surrogate"], area: ["surrogate"], shape: ["windows"], grow: ["windows"], purpose: ["surrogate", "camouflage"], key: [],
	find: [],
};

/** The settings; calls `changed(names)` with the protections that are concerned, `sought()` when faces are to be found anew. */
export class PageSettings {
	constructor(keys, changed, sought) {
		this.form = by("controls");
		this.keys = keys;
		const windows = () => changed(["windows"]);
		this.window = new Dial(by("window-dial"), WINDOWS, windows);
		this.amount = new Dial(by("amount-dial"), AMOUNTS, windows);
		this.form.addEventListener("submit", (event) => event.preventDefault());
		this.form.addEventListener("change", ({ target }) => {
			if (CONCERNED[target.name]?.length) changed(CONCERNED[target.name]);
			if (target.id === "face-keys") changed(null);
			if (target.name === "find") sought();
		});
	}

	/** Takes in how hard the service looks for faces; there is a choice where it offers one. */
	setUp({ find }) {
		by("find-choice").hidden = find.names.length < 2;
		for (const radio of this.form.elements.find) {
			radio.parentElement.hidden = !find.names.includes(radio.value);
			radio.checked = radio.value === find.default;
		}
	}

	/** How hard to look for faces; empty while the service has not said what it offers. */
	get find() {
		return this.#value("find");
	}

	/** The protection that is to be passed on. */
	get chosen() {
		return document.querySelector("input[name=use]:checked").value;
	}

	/** What is set for a protection, for the words about it. */
	about(name) {
		if (name === "surrogate") return { area: this.#value("area"), tone: this.#value("tone") };
		const [window, side] = this.window.chosen;
		const where = { shape: this.#value("shape"), grow: this.#value("grow") };
		return { window: side === undefined ? window : `${window} ${side}`, amount: this.amount.mode, ...where };
	}

	/** Brings the dials' ends up to a picture and its boxes. */
	limit(size, boxes) {
		this.window.limit("window", { max: Math.max(32, Math.round(Math.min(size.width, size.height) / 2)) });
		const share = this.#value("shape") === "box" ? 1 : 0.77; // of a box that its ellipse has, or a little more
		const smallest = Math.min(...boxes.map((box) => box.width * box.height));
		if (boxes.length) this.amount.limit("pixels", { max: Math.floor(share * smallest) });
	}

	/** Takes in what moving all pixels did: the least PSNR that can be asked for. */
	learn(psnr) {
		if (this.amount.mode === "all" && psnr) this.amount.limit("psnr", { min: Math.ceil(2 * psnr + 1) / 2 });
	}

	/** The parameters that protect a picture {boxes, edited, file}; boxes that nobody changed the service finds by itself. */
	params(name, { boxes, edited, file }) {
		const params = new URLSearchParams(name === "windows" ? { format: "png" } : formatFor(file));
		if (name === "windows") this.#windows(params, boxes, edited);
		else {
			const surrogate = `surrogate:tone=${this.#value("tone")},area=${this.#value("area")}`;
			params.set("protect", name === "surrogate" ? surrogate : name);
			if (edited) for (const region of asRegions(boxes)) params.append("region", region);
			if (!this.keys.oneTime) params.set("seals", this.#value("purpose") === "publish" ? "beside" : "inside");
		}
		if (file) params.set("changed", file.lastModified);
		if (this.find) params.set("find", this.find);
		if (this.keys.oneTime) params.set("key_id", "one-time");
		else if (by("face-keys").checked) params.set("face_keys", "true");
		return params;
	}

	#windows(params, boxes, edited) {
		const [window, side] = this.window.chosen;
		const [amount, value] = this.amount.chosen;
		params.set("protect", "windows");
		params.set("shape", this.#value("shape"));
		params.set(window === "cells" ? "cells" : "window", side ?? "region");
		if (amount !== "all") params.set(amount, amount === "coverage" ? value / 100 : value);
		if (!edited) params.set("grow", this.#value("grow"));
		else for (const region of asRegions(boxes, this.#value("grow"))) params.append("region", region);
	}

	#value(name) {
		return this.form.elements[name].value;
	}
}
