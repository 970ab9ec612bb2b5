// The half of the page that restores: a protected picture, its seal and record, and a key of all faces or of one.

import { partsOf, send } from "./api.js";
import { by, calm, complain, ending, formatFor, keyOf, make, readKey, save, showBlob, stem } from "./ui.js";

const ORIGINS = {
	key: ["good", "Made by somebody who has your key."],
	recipients: ["good", "Made by you, or by somebody else who can restore it."],
	anyone: ["warn", "Anyone can have made it: it was made for a public key. It proves nothing."],
	unknown: ["", "A face key cannot tell."],
};
const RECORD = {
	whole: ["good", "As it was written."],
	changed: ["warn", "Changed since."],
	unknown: ["", "A face key cannot tell of all of it; the part of this face is as it was written."],
};
const SURROUNDINGS = {
	whole: ["good", "The rest of the picture is as it was protected."],
	changed: ["warn", "The rest of the picture was changed since: this may be another scene."],
	unknown: ["", "Not known: nothing was written of the rest, or this key cannot tell."],
};

/** Who made a record, and the three verdicts, each as [title, class, words]. */
function verdictsOf({ origin, verdicts, restored }) {
	const changed = restored.filter((index) => verdicts.regions[index] === "changed").length;
	const whole = restored.every((index) => verdicts.regions[index] === "whole");
	const which = restored.length === 1 ? "" : ` of ${changed} of them`;
	let faces = ["", "Back, bit for bit."];
	if (changed) faces = ["warn", `Back, bit for bit; but what was shown instead${which} was changed since.`];
	else if (whole) faces = ["good", "Back, bit for bit; what was shown instead is as it was written."];
	return [
		["Who made it", ...ORIGINS[origin]], ["Record", ...RECORD[verdicts.record]],
		["Faces", ...faces], ["Surroundings", ...SURROUNDINGS[verdicts.surroundings]],
	];
}

/** What came back beside the faces: the original's name, its time and metadata, or its very file. */
function originalOf({ name, changed, metadata, exact_file: exact }) {
	if (metadata === "damaged") return " Its name, time and metadata were sealed and cannot be read.";
	if (metadata !== "restored") return "";
	const when = changed === null ? "" : ` of ${new Date(changed).toLocaleString()}`;
	const file = name ?? "a picture without a name";
	return exact ? ` It is the very file ${file}${when}.` : ` It is ${file}${when}, with its metadata.`;
}

/** Runs the restoring half; `ask` has askForToken(). */
export class Restore {
	constructor(ask) {
		this.ask = ask;
		this.form = by("restore-form");
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.run();
		});
		this.form.addEventListener("change", () => this.#explain());
		by("save-restored").addEventListener("click", () => save(this.result, this.name));
	}

	/** Takes in what the service says of itself. */
	setUp(info) {
		this.allowed = info.restores;
		const off = Boolean(info.recipients);
		by("restore-off").hidden = !off;
		for (const part of this.form.querySelectorAll(".files, fieldset, .row")) part.hidden = off;
		by("restored-panel").hidden = off;
		const service = this.form.querySelector("[value=service]");
		service.disabled = !this.allowed;
		if (!this.allowed && service.checked) this.form.querySelector("[value=text]").checked = true;
		this.#explain();
	}

	/** Takes what was dropped here, or came from the other half: a picture, a seal, a record, a key. */
	load(files) {
		for (const file of files) {
			const ending = file.name.split(".").pop().toLowerCase();
			const place = { seal: "restore-seals", json: "restore-record", key: "restore-key" }[ending] ?? "restore-image";
			const transfer = new DataTransfer();
			transfer.items.add(file);
			by(place).files = transfer.files;
			if (place === "restore-key") this.form.querySelector("[name=restore-key][value=file]").checked = true;
		}
		this.#explain();
	}

	/** Asks the service for the original; `origin` is "any" to take what anyone can have made. */
	async run(origin = "") {
		this.controller?.abort();
		this.controller = new AbortController();
		const { signal } = this.controller;
		calm();
		this.#show(null);
		const parts = await this.#parts();
		if (!parts || signal.aborted) return;
		by("restore-status").textContent = "Restoring…";
		const params = new URLSearchParams({ ...formatFor(parts.image), ...(origin && { origin }) });
		try {
			const answer = await partsOf(await send("v1/restore", { parts, params, accept: "multipart/form-data", signal }));
			if (signal.aborted) return;
			this.name = answer.facts.name ?? `${stem(parts.image.name)}-restored${ending(answer.image)}`;
			this.#show(answer.image, answer.facts);
			const back = answer.facts.restored.map((index) => index + 1).join(", ");
			const faces = answer.facts.restored.length === 1 ? "face" : "faces";
			by("restore-status").textContent = `Restored: ${faces} ${back}.${originalOf(answer.facts)}`;
		} catch (error) {
			if (error.name === "AbortError" || signal.aborted) return;
			by("restore-status").textContent = "";
			this.#failed(error, origin);
		}
	}

	#failed(error, origin) {
		const again = () => this.run(origin);
		if (error.name === "unauthorised" || error.name === "forbidden") this.ask.askForToken(error, again);
		else if (error.name === "unknown-origin") complain(error.title, error.help, ["Restore it all the same", () => this.run("any")]);
		else complain(error.title ?? error.message, error.help, ["Try again", again]);
	}

	get #from() {
		return this.form.elements["restore-key"].value;
	}

	async #parts() {
		const [image, seals, record] = ["image", "seals", "record"].map((name) => by(`restore-${name}`).files[0]);
		if (this.#from === "service") return { image, seals, record };
		const pasted = this.#from === "text";
		const field = by(pasted ? "restore-text" : "restore-key");
		const given = pasted ? field.value.trim() : field.files[0];
		const key = given && (pasted ? keyOf(given) : await readKey(given));
		if (key && key.kind !== "to") return { image, seals, record, [key.kind]: key.blob };
		const wanted = pasted ? "It is 70 characters that start with fpface2_; take care to copy all of them."
			: "It is one line that starts with fpkey1_, or with fpface2_ for one face.";
		if (key) complain("This is a public key", "It protects and opens nothing. Take the secret key, or a face key.");
		else complain(given ? "This is not a whole key" : "A key is needed", wanted);
		field.focus();
		return null;
	}

	#show(blob, facts) {
		this.result = blob;
		showBlob(by("restored"), blob);
		by("restore-empty").hidden = Boolean(blob);
		by("save-restored").hidden = by("verdicts").hidden = !blob;
		by("verdicts").replaceChildren(...(facts ? verdictsOf(facts) : []).map(([title, kind, words]) => {
			return make("div", {}, make("dt", { textContent: title }), make("dd", { className: kind, textContent: words }));
		}));
	}

	#explain() {
		const from = this.#from;
		for (const field of this.form.querySelectorAll(".field[data-key]")) field.hidden = field.dataset.key !== from;
		let text = "The key is sent along for this one request, and kept neither by the service nor by this page.";
		if (from === "service") text = "This needs a token with the scope “restore”, from the service's operator.";
		else if (!this.allowed) text += " With its own keys this service does not restore: that only its operator can do.";
		by("restore-note").textContent = text;
	}
}
