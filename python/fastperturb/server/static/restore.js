// The half of the page that restores: a protected picture, its record, and a key.

import { send } from "./api.js";
import { by, calm, complain, readKey, save, showBlob, stem } from "./ui.js";

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
		by("save-restored").addEventListener("click", () => save(this.result, `${stem(this.name)}-restored.png`));
	}

	/** Takes in what the service says of itself. */
	setUp(info) {
		this.allowed = info.restores;
		const service = this.form.querySelector("[value=service]");
		service.disabled = !this.allowed;
		if (!this.allowed) this.form.querySelector("[value=own]").checked = true;
		this.#explain();
	}

	/** Takes a picture that was dropped here or in the other half. */
	load(file) {
		const transfer = new DataTransfer();
		transfer.items.add(file);
		by("restore-image").files = transfer.files;
	}

	/** Asks the service for the original. */
	async run() {
		this.controller?.abort();
		this.controller = new AbortController();
		const { signal } = this.controller;
		calm();
		this.#show(null);
		const parts = await this.#parts();
		if (!parts) return;
		by("restore-status").textContent = "Restoring…";
		try {
			const response = await send("v1/restore", { parts, accept: "image/png", signal });
			this.result = await response.blob();
			this.name = parts.image.name;
			this.#show(this.result);
			by("restore-status").textContent = "Restored: the record and every pixel were checked.";
		} catch (error) {
			if (error.name === "AbortError") return;
			by("restore-status").textContent = "";
			if (error.name === "unauthorised" || error.name === "forbidden") this.ask.askForToken(error, () => this.run());
			else complain(error.title ?? error.message, error.help, ["Try again", () => this.run()]);
		}
	}

	async #parts() {
		const parts = { image: by("restore-image").files[0], record: by("restore-record").files[0] };
		if (this.#own()) {
			const [file] = by("restore-key").files;
			parts.key = file && await readKey(file);
			if (!parts.key) {
				complain(file ? "This is not a key file" : "A key file is needed", "It is one line that starts with fpkey1_.");
				by("restore-key").focus();
				return null;
			}
		}
		return parts;
	}

	#own() {
		return this.form.elements["restore-key"][0].checked;
	}

	#show(blob) {
		showBlob(by("restored"), blob);
		by("restore-empty").hidden = Boolean(blob);
		by("save-restored").hidden = !blob;
	}

	#explain() {
		const own = this.#own();
		by("restore-key-field").hidden = !own;
		let text = "The key is sent along for this one request, and not kept by the service.";
		if (!own) text = "This needs a token with the scope “restore”, from the service's operator.";
		else if (!this.allowed) {
			text += " This service does not restore with its own keys: what these protected, only its operator can restore.";
		}
		by("restore-note").textContent = text;
	}
}
