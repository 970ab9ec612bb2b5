// The half of the page that protects: one picture, its boxes and settings, and the newest answer to them.
// Each change asks /v1/preview after a short pause; an older request is broken off, so that the newest answer wins.

import { pngOf, sendPatiently } from "./api.js";
import { Boxes, holds } from "./boxes.js";
import { Dial } from "./dial.js";
import { KeyChoice } from "./keys.js";
import { allowSaving, clear, say, show } from "./results.js";
import { by, calm, complain, megabytes, save, showBlob, stem } from "./ui.js";

const PAUSE = 180; // milliseconds without a change before the service is asked
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

/** Runs the protecting half; `ask` has what the other parts of the page do: askForToken(), restore(file). */
export class Protect {
	constructor(ask) {
		this.ask = ask;
		this.file = null;
		this.done = null; // the newest answer: {image, facts}
		this.controller = new AbortController();
		const again = () => this.schedule();
		this.boxes = new Boxes(by("stage"), by("face-list"), again);
		this.window = new Dial(by("window-dial"), WINDOWS, again);
		this.amount = new Dial(by("amount-dial"), AMOUNTS, again);
		this.keys = new KeyChoice(again);
		this.#listen();
	}

	/** Takes in what the service says of itself. */
	setUp(info) {
		this.limits = info.limits;
		this.keys.setUp(info.reversible);
		const most = `${megabytes(info.limits.body_bytes)} and ${(info.limits.pixels / 1e6).toFixed(0)} million pixels`;
		by("file-help").textContent = `PNG, JPEG, WebP, TIFF or BMP, up to ${most}`;
	}

	/** Begins with a picture: shows it, and finds its faces. */
	async load(file) {
		this.#breakOff();
		this.#close();
		calm();
		if (this.limits && file.size > this.limits.body_bytes - 1024) {
			const most = megabytes(this.limits.body_bytes);
			complain("This file is too large", `It has ${megabytes(file.size)}; the service takes up to ${most}.`);
			return;
		}
		this.file = file;
		const signal = this.#begin("Looking for faces…");
		by("loading").textContent = "Reading the picture and looking for faces…";
		await this.#guard(() => this.load(file), async () => {
			const found = await this.#locate(signal);
			if (signal.aborted) return;
			this.#open(found);
			this.boxes.begin(found, found.faces);
			this.schedule(0);
		});
		if (!this.size && !signal.aborted) this.file = null;
		if (this.file === file || !this.file) by("loading").textContent = "";
	}

	/** Asks again, after a pause in which no further change comes. */
	schedule(wait = PAUSE) {
		if (!this.file || !this.size) return;
		this.#breakOff();
		const text = this.#missing();
		if (text) {
			this.#forget();
			say(text);
			return;
		}
		const share = this.boxes.shape === "box" ? 1 : 0.77; // of a box that its ellipse has, or a little more
		const smallest = Math.min(...this.boxes.items.map((box) => box.width * box.height));
		this.amount.limit("pixels", { max: Math.floor(share * smallest) });
		const signal = this.#begin("Working…");
		this.timer = setTimeout(() => this.#guard(() => this.schedule(0), () => this.#preview(signal)), wait);
	}

	/** What has to be done before the service can be asked; empty if nothing. */
	#missing() {
		if (!this.boxes.items.length) return "There is no box: nothing would be protected.";
		return this.keys.missing;
	}

	async #preview(signal) {
		const parts = { image: this.file, key: this.keys.own };
		const { image, view, ...facts } = await this.#send("v1/preview", parts, this.#params(), signal);
		if (signal.aborted) return;
		calm();
		this.done = { image: pngOf(image), facts };
		const { psnr } = facts.measures; // where all pixels move, the least that can be asked for
		if (this.amount.mode === "all" && psnr) this.amount.limit("psnr", { min: Math.ceil(2 * psnr + 1) / 2 });
		show(this.done.image, pngOf(view), facts, this.size);
		this.#idle();
	}

	async #send(path, parts, params, signal) {
		const waiting = (seconds) => say(`The service is busy; trying again in ${seconds} s.`);
		const response = await sendPatiently(path, { parts, params, accept: "application/json", signal }, waiting);
		return response.json();
	}

	#params() {
		const params = new URLSearchParams({ shape: this.boxes.shape });
		for (const box of this.boxes.items) params.append("region", [box.x, box.y, box.width, box.height].join(","));
		const [window, side] = this.window.chosen;
		params.set(window === "cells" ? "cells" : "window", side ?? "region");
		const [amount, value] = this.amount.chosen;
		if (amount !== "all") params.set(amount, amount === "coverage" ? value / 100 : value);
		if (this.keys.oneTime) params.set("key_id", "one-time");
		return params;
	}

	async #locate(signal) {
		const params = new URLSearchParams({ grow: by("controls").elements.grow.value });
		const found = await this.#send("v1/locate", { image: this.file }, params, signal);
		if (!found.faces.length && !signal.aborted) {
			const how = "Nothing is protected yet. Put a box over each face by hand.";
			complain("No face was found", how, ["Add a face", () => this.#add()]);
		}
		return found;
	}

	/** Finds the faces once more, and leaves alone what was made by hand. */
	async #findAgain() {
		if (!this.size) return;
		this.#breakOff();
		calm();
		const signal = this.#begin("Looking for faces…");
		await this.#guard(() => this.#findAgain(), async () => {
			const { faces } = await this.#locate(signal);
			if (signal.aborted) return;
			const own = this.boxes.items.filter((box) => box.byHand);
			const more = faces.filter((face) => !own.some((box) => holds(box, face)));
			this.boxes.begin(this.size, [...own, ...more]);
			this.schedule(0);
		});
	}

	#add() {
		calm();
		this.#pick("original");
		this.boxes.addInTheMiddle();
	}

	/** Does something that asks the service; says what went wrong, and offers what helps. */
	async #guard(again, act) {
		const mine = this.controller;
		try {
			await act();
		} catch (error) {
			if (error.name === "AbortError" || mine !== this.controller) return;
			this.#forget();
			say("");
			this.again = error.name === "offline" ? again : null;
			if (error.name === "bad-options") say(error.help, true); // beside the sliders
			else if (error.name === "unauthorised" || error.name === "forbidden") this.ask.askForToken(error, again);
			else if (error.name === "already-protected") {
				complain(error.title, error.help, ["Restore it", () => this.ask.restore(this.file)]);
			} else complain(error.title ?? error.message, error.help, ["Try again", again]);
		}
	}

	#breakOff() {
		clearTimeout(this.timer);
		this.controller.abort();
		this.controller = new AbortController();
		this.again = null;
	}

	#begin(text) {
		say(text);
		by("work").classList.add("stale");
		by("results").setAttribute("aria-busy", "true");
		allowSaving(false, false);
		return this.controller.signal;
	}

	#idle() {
		by("work").classList.remove("stale");
		by("results").removeAttribute("aria-busy");
	}

	/** Shows a picture of a size, with nothing known of it yet. */
	#open(size) {
		this.size = { width: size.width, height: size.height };
		for (const stage of document.querySelectorAll("#pictures .stage")) {
			stage.style.setProperty("--ratio", size.width / size.height);
		}
		showBlob(by("original"), this.file);
		this.window.limit("window", { max: Math.max(32, Math.round(Math.min(size.width, size.height) / 2)) });
		by("work").hidden = false;
		document.body.classList.add("working");
		document.querySelector("label[for=file] strong").textContent = "Choose another photograph";
	}

	#close() {
		this.size = null;
		this.#forget();
		this.boxes.begin({ width: 1, height: 1 }, []);
		by("work").hidden = true;
		document.body.classList.remove("working");
		this.#pick("original");
	}

	/** Lets go of the newest answer: it is not of what is set now. */
	#forget() {
		this.done = null;
		clear();
		this.#idle();
	}

	#pick(name) {
		by("pictures").dataset.show = name;
		for (const button of document.querySelectorAll(".picker button")) {
			button.setAttribute("aria-pressed", String(button.dataset.show === name));
		}
	}

	#listen() {
		by("controls").addEventListener("submit", (event) => event.preventDefault());
		by("controls").addEventListener("change", ({ target }) => {
			if (target.name === "grow") this.#findAgain();
			if (target.name !== "shape") return;
			this.boxes.setShape(target.value);
			this.schedule();
		});
		by("add-face").addEventListener("click", () => this.#add());
		by("find-again").addEventListener("click", () => this.#findAgain());
		by("show-boxes").addEventListener("change", ({ target }) => {
			for (const stage of document.querySelectorAll("#pictures .stage")) stage.classList.toggle("plain", !target.checked);
		});
		for (const button of document.querySelectorAll(".picker button")) {
			button.addEventListener("click", () => this.#pick(button.dataset.show));
		}
		by("save-image").addEventListener("click", () => save(this.done.image, `${stem(this.file.name)}-protected.png`));
		by("save-record").addEventListener("click", () => {
			const text = JSON.stringify(this.done.facts.record);
			save(new Blob([text], { type: "application/json" }), `${stem(this.file.name)}-protected.json`);
		});
		by("original").addEventListener("error", () => { by("unseen").hidden = !by("original").src; });
		by("original").addEventListener("load", () => { by("unseen").hidden = true; });
		new ResizeObserver(([{ target }]) => { // so that what is focused is not under the pictures
			document.documentElement.style.scrollPaddingTop = `${target.offsetHeight}px`;
		}).observe(by("pictures"));
		window.addEventListener("online", () => this.again?.());
	}
}
