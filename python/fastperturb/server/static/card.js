// One of the protections side by side: asks /v1/preview, shows its picture, and says what a detector finds in it.

import { partsOf, sendPatiently } from "./api.js";
import { holds, placeOver } from "./geometry.js";
import { make, showBlob, whole } from "./ui.js";

/** How many of the boxed faces are among those that were found, in words. */
export function foundText(faces, boxes) {
	const hits = boxes.map((box) => faces.filter((face) => holds(box, face)));
	const count = hits.filter((found) => found.length).length;
	const best = Math.max(0, ...hits.flat().map((face) => face.score));
	const number = boxes.length === 1 ? "" : `, ${count} of ${boxes.length}`;
	return count ? `yes${number} (${best.toFixed(2)})` : `no${number}`;
}

/** Shows measures: [name, value] each. */
export function showMeasures(figure, rows) {
	const list = figure.querySelector(".measures");
	list.replaceChildren(...rows.map(([name, value]) => {
		return make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value }));
	}));
}

/** A protection; `desk` says what to ask for, and is told what came: parts(), params(name), boxes(), size(), said(). */
export class Card {
	constructor(name, desk) {
		Object.assign(this, { name, desk, done: null, busy: false, throughView: false });
		this.controller = new AbortController();
		this.figure = document.querySelector(`figure[data-name=${name}]`);
		this.image = this.figure.querySelector("img");
		this.clear();
	}

	/** Asks after a pause in which nothing else is asked; the answer before is not valid any more. */
	ask(wait) {
		this.breakOff();
		this.busy = true;
		this.figure.classList.add("stale");
		const { signal } = this.controller;
		this.timer = setTimeout(() => this.#run(signal), wait);
	}

	/** Breaks off what was asked for, and lets go of the answer; its picture stays until the next one. */
	breakOff() {
		clearTimeout(this.timer);
		this.controller.abort();
		this.controller = new AbortController();
		this.busy = false;
		this.done = null;
	}

	/** Shows nothing. */
	clear() {
		this.breakOff();
		showBlob(this.image, null);
		this.figure.classList.remove("stale");
		this.#mark([]);
		showMeasures(this.figure, this.#rows("–", "–", "–", "–", "–"));
	}

	/** Shows windows as they are, or as anyone can smooth them. */
	show(throughView = this.throughView) {
		this.throughView = throughView;
		if (!this.done) return;
		const { facts, image, view } = this.done;
		const { faces, psnr, ssim } = facts.measures;
		showBlob(this.image, throughView ? view : image);
		this.#mark(throughView ? faces.view_after : faces.after);
		const boxes = this.desk.boxes();
		showMeasures(this.figure, this.#rows(
			foundText(faces.after, boxes),
			psnr === null ? "∞" : `${psnr.toFixed(2)} dB`,
			ssim === null ? "too small" : ssim.toFixed(4),
			foundText(faces.view_after, boxes),
			whole(facts.moved),
		));
	}

	#rows(found, psnr, ssim, seen, moved) {
		const rows = [["Face found", found], ["PSNR", psnr], ["SSIM", ssim]];
		if (this.name === "windows") rows.push(["Found in the view", seen], ["Moved pixels", moved]);
		return rows;
	}

	async #run(signal) {
		const waiting = (seconds) => this.desk.said(`The service is busy; trying again in ${seconds} s.`);
		try {
			const options = { parts: this.desk.parts(), params: this.desk.params(this.name), accept: "multipart/form-data", signal };
			const parts = await partsOf(await sendPatiently("v1/preview", options, waiting));
			if (signal.aborted) return;
			this.done = parts;
			this.busy = false;
			this.figure.classList.remove("stale");
			this.show();
			this.desk.settled(this);
		} catch (error) {
			if (error.name === "AbortError" || signal.aborted) return;
			this.clear();
			this.desk.failed(this, error);
		}
	}

	/** Draws the faces that the detector found; the measures say it in words. */
	#mark(faces) {
		const canvas = this.image.parentElement;
		for (const old of canvas.querySelectorAll(".found")) old.remove();
		canvas.append(...faces.map((face) => {
			const box = make("div", { className: "found", ariaHidden: "true" });
			placeOver(box, face, this.desk.size());
			return box;
		}));
	}
}
