// The half of the page that protects: pictures, their boxes, and three protections of the one that is shown.
// Each change asks /v1/preview after a short pause; an older request is broken off, so that the newest answer wins.

import { Boxes } from "./boxes.js";
import { Card, foundText, showMeasures } from "./card.js";
import { Finding } from "./finding.js";
import { holds } from "./geometry.js";
import { KeyChoice } from "./keys.js";
import { All, showFiles } from "./downloads.js";
import { Queue } from "./queue.js";
import { PageSettings } from "./settings.js";
import { by, calm, complain, ending, faceCount, megabytes, save, showBlob, stem } from "./ui.js";
import { showAnswers } from "./words.js";
import { Zoom } from "./zoom.js";

const PAUSE = 180; // milliseconds without a change before the service is asked
const NAMES = ["surrogate", "camouflage", "windows"];
const TITLES = { original: "Original", surrogate: "Surrogate", camouflage: "Camouflage", windows: "Windows" };
const MOST = 200; // pictures

/** Runs the protecting half; `ask` has what the other parts of the page do: askForToken(), restore(file). */
export class Protect {
	constructor(ask) {
		this.ask = ask;
		this.picture = null;
		this.controller = new AbortController();
		this.queue = new Queue((picture) => this.open(picture), (gone, next) => this.#removed(gone, next));
		this.finding = new Finding(this.queue, () => this.settings.find);
		this.boxes = new Boxes(by("stage").querySelector(".canvas"), by("face-list"), () => this.#edited());
		this.keys = new KeyChoice(() => this.schedule());
		this.settings = new PageSettings(this.keys, (names) => this.schedule(names ?? NAMES), () => this.#lookAnew());
		const desk = {
			parts: () => ({ image: this.picture.file, ...this.keys.parts }),
			params: (name) => this.settings.params(name, this.picture),
			boxes: () => this.boxes.items,
			size: () => this.boxes.size,
			said: (text) => this.#say(text),
			settled: (card) => this.#settled(card),
			failed: (card, error) => this.#failed(error, () => this.schedule()),
		};
		this.cards = Object.fromEntries(NAMES.map((name) => [name, new Card(name, desk)]));
		this.all = new All({
			pictures: () => this.queue.pictures,
			request: (picture) => ({
				parts: { image: picture.file, ...this.keys.parts }, params: this.settings.params(this.settings.chosen, picture),
			}),
			failed: (error, again) => this.#failed(error, again),
		});
		this.zoom = new Zoom(by("pictures"), () => this.boxes.placeTags());
		showAnswers(TITLES, this.settings);
		this.#listen();
	}

	/** Takes in what the service says of itself. */
	setUp(info) {
		this.limits = info.limits;
		this.keys.setUp(info);
		this.settings.setUp(info);
		const most = `${megabytes(info.limits.body_bytes)} and ${(info.limits.pixels / 1e6).toFixed(0)} million pixels`;
		by("file-help").textContent = `PNG, JPEG, WebP, TIFF or BMP, each up to ${most}`;
	}

	/** Takes pictures in, and shows the first of them. */
	async load(files) {
		calm();
		const most = this.limits ? this.limits.body_bytes - 8192 : Infinity; // less what a form and keys take
		const pictures = files.filter(({ type }) => type === "" || type.startsWith("image/"));
		const fitting = pictures.filter((file) => file.size <= most);
		const taken = fitting.slice(0, MOST - this.queue.pictures.length);
		if (taken.length) {
			const [first] = this.queue.add(taken);
			this.all.show(this.queue.pictures.length);
			await this.open(first);
		}
		const names = (left) => files.filter((file) => !left.includes(file)).map(({ name }) => name).slice(0, 5).join(", ");
		if (pictures.length < files.length) complain("This is not a picture that the service can read", names(pictures));
		else if (fitting.length < files.length) complain("This file is too large", this.#tooLarge(files, fitting));
		else if (taken.length < files.length) complain("These are too many pictures", `The page takes up to ${MOST}.`);
		this.finding.ahead();
	}

	#tooLarge(files, fitting) {
		const large = files.filter((file) => !fitting.includes(file));
		const sizes = large.slice(0, 5).map(({ name, size }) => `${name} has ${megabytes(size)}`).join(", ");
		return `${sizes}; the service takes up to ${megabytes(this.limits.body_bytes)}.`;
	}

	/** Shows a picture; finds its faces if nobody has looked yet. */
	async open(picture) {
		this.#close();
		calm();
		this.picture = picture;
		this.queue.show(picture);
		if (!picture.size && !await this.#look(picture)) return;
		this.#show(picture);
		if (!picture.boxes.length && !picture.edited) this.#complainOfNoFace();
		this.schedule(NAMES, 0);
	}

	/** Asks again for these protections, after a pause in which no further change comes. */
	schedule(names = NAMES, wait = PAUSE) {
		showAnswers(TITLES, this.settings);
		if (!this.picture?.size) return;
		this.again = null;
		const text = this.boxes.items.length ? this.keys.missing : "There is no box: nothing would be protected.";
		if (text) {
			for (const name of NAMES) this.cards[name].clear();
			this.#uncovered([]);
			this.#say(text);
		} else {
			this.settings.limit(this.picture.size, this.boxes.items);
			for (const name of names) this.cards[name].ask(wait);
			this.#say("Working…");
		}
		this.#offer();
	}

	/** Finds the faces of the picture that is shown; whether it is still that one. */
	async #look(picture) {
		const { signal } = this.controller;
		by("loading").textContent = `Reading ${picture.file.name} and looking for faces…`;
		try {
			await this.finding.of(picture, signal, (seconds) => {
				by("loading").textContent = `The service is busy; trying again in ${seconds} s.`;
			});
		} catch (error) {
			if (error.name !== "AbortError" && !signal.aborted) this.#failed(error, () => this.open(picture));
			return false;
		} finally {
			if (!signal.aborted) by("loading").textContent = "";
		}
		return !signal.aborted;
	}

	/** Finds faces of all pictures whose boxes nobody has changed as hard as is set now. */
	async #lookAnew() {
		this.finding.forget();
		if (this.picture) await this.open(this.picture);
		this.finding.ahead();
	}

	#removed(gone, next) {
		this.all.show(this.queue.pictures.length);
		if (gone === this.picture) this.open(next);
	}

	#edited() {
		Object.assign(this.picture, { boxes: this.boxes.items, edited: true });
		this.queue.show();
		this.schedule();
	}

	#settled(card) {
		if (this.wrong) calm();
		this.wrong = false;
		const { measures } = card.done.facts;
		if (card.name === "windows") this.settings.learn(measures.psnr);
		this.#original(foundText(measures.faces.before, this.boxes.items));
		this.#uncovered(measures.faces.before);
		this.#offer();
		const cards = Object.values(this.cards);
		if (cards.some(({ done }) => !done)) return;
		const words = cards.map(({ name, done }) => `${name} ${foundText(done.facts.measures.faces.after, this.boxes.items)}`);
		this.#say(`Does a detector still find a face? ${words.join("; ")}.`);
	}

	/** Says what went wrong, and offers what helps. */
	#failed(error, again) {
		this.#offer();
		this.#say("");
		this.wrong = true;
		this.again = error.name === "offline" ? again : null;
		if (error.name === "bad-options") this.#say(error.help, true); // beside the sliders
		else if (error.name === "unauthorised" || error.name === "forbidden") this.ask.askForToken(error, again);
		else if (error.name === "no-face") this.#complainOfNoFace();
		else if (error.name === "already-protected") {
			complain(error.title, error.help, ["Restore it", () => this.ask.restore(this.picture.file)]);
		} else complain(error.title ?? error.message, error.help, ["Try again", again]);
	}

	#complainOfNoFace() {
		this.wrong = true;
		const how = "Nothing is protected yet. Put a box over each face by hand.";
		complain("No face was found", how, ["Add a face", () => this.#add()]);
	}

	#say(text, bad = false) {
		by("status").textContent = text;
		by("status").classList.toggle("bad", bad);
		by("pictures").setAttribute("aria-busy", String(Object.values(this.cards).some(({ busy }) => busy)));
	}

	#original(found) {
		showMeasures(document.querySelector("figure[data-name=original]"), [["Face found", found]]);
	}

	#uncovered(before) {
		const open = before.filter((face) => !this.boxes.items.some((box) => holds(box, face))).length;
		by("uncovered").hidden = open === 0;
		by("uncovered").textContent = `Under no box, and so still visible: ${faceCount(open)}.`;
	}

	/** Shows what of the chosen protection can be downloaded now. */
	#offer() {
		const { chosen } = this.settings;
		by("chosen").textContent = TITLES[chosen];
		showFiles(this.cards[chosen].done, this.boxes.items);
	}

	#show({ file, size, boxes, edited }) {
		for (const stage of document.querySelectorAll("#pictures .stage")) {
			stage.style.setProperty("--ratio", size.width / size.height);
		}
		showBlob(by("original"), file);
		by("work").hidden = false;
		document.body.classList.add("working");
		document.querySelector("label[for=file] strong").textContent = "Choose more photographs";
		this.zoom.reset();
		this.face = -1;
		this.boxes.begin(size, boxes, edited);
		this.picture.boxes = this.boxes.items;
	}

	#close() {
		this.controller.abort();
		this.controller = new AbortController();
		for (const card of Object.values(this.cards)) card.clear();
		this.again = null;
		this.#original("–");
		this.#uncovered([]);
		this.#offer();
		this.#say("");
		this.boxes.begin({ width: 1, height: 1 }, []);
		by("work").hidden = true;
		by("loading").textContent = "";
		document.body.classList.remove("working");
	}

	#add() {
		calm();
		this.#pick("original");
		this.zoom.reset();
		this.boxes.addInTheMiddle();
	}

	/** Finds the faces once more, and leaves alone what was made by hand. */
	async #findAgain() {
		const own = this.boxes.items.filter((box) => box.byHand);
		const { picture } = this;
		picture.edited = false;
		picture.size = null;
		if (!await this.#look(picture)) return;
		const more = picture.boxes.filter((face) => !own.some((box) => holds(box, face)));
		Object.assign(picture, { boxes: [...own, ...more], edited: own.length > 0 });
		await this.open(picture);
	}

	#pick(name) {
		by("pictures").dataset.show = name;
		for (const button of document.querySelectorAll(".picker button")) {
			button.setAttribute("aria-pressed", String(button.dataset.show === name));
		}
		this.boxes.placeTags();
	}

	#nextFace() {
		const { items, size } = this.boxes;
		if (!items.length) return;
		this.face = (this.face + 1) % items.length;
		this.zoom.showBox(items[this.face], size);
	}

	#listen() {
		for (const radio of document.querySelectorAll("input[name=use]")) {
			radio.addEventListener("change", () => this.#offer());
		}
		by("add-face").addEventListener("click", () => this.#add());
		by("find-again").addEventListener("click", () => this.#findAgain());
		by("zoom-face").addEventListener("click", () => this.#nextFace());
		by("show-boxes").addEventListener("change", ({ target }) => by("pictures").classList.toggle("plain", !target.checked));
		by("show-view").addEventListener("change", ({ target }) => this.cards.windows.show(target.checked));
		for (const button of document.querySelectorAll(".picker button")) {
			button.addEventListener("click", () => this.#pick(button.dataset.show));
		}
		const done = () => this.cards[this.settings.chosen].done;
		const name = () => `${stem(this.picture.file.name)}-protected${ending(done().image)}`;
		by("save-image").addEventListener("click", () => save(done().image, name()));
		by("save-seal").addEventListener("click", () => save(done().seals, `${name()}.seal`));
		by("original").addEventListener("error", ({ target }) => {
			by("unseen").hidden = !target.src;
			target.hidden = true;
		});
		by("original").addEventListener("load", () => { by("unseen").hidden = true; });
		new ResizeObserver(([{ target }]) => { // so that what is focused is not under the pictures
			document.documentElement.style.scrollPaddingTop = `${target.offsetHeight}px`;
			this.boxes.placeTags();
		}).observe(by("pictures"));
		window.addEventListener("online", () => this.again?.());
	}
}
