// Which key protects: the service's, one of the user's own file (or made here), or a one-time key that nobody has.

import { by, newKey, readKey, save } from "./ui.js";

/** The choice of the key; calls `changed` when it changes. */
export class KeyChoice {
	constructor(changed) {
		this.blob = null;
		this.changed = changed;
		this.radios = [...document.querySelectorAll("input[name=key]")];
		for (const radio of this.radios) radio.addEventListener("change", () => this.#show());
		by("key-file").addEventListener("change", async ({ target }) => {
			const [file] = target.files;
			target.value = "";
			if (!file) return;
			this.blob = await readKey(file);
			this.#show(this.blob ? `In use: ${file.name}.` : `${file.name} is not a key file.`);
		});
		by("make-key").addEventListener("click", () => {
			const text = newKey();
			this.blob = new Blob([text.trim()]);
			save(new Blob([text]), "fastperturb.key");
			this.#show("In use: the new key, which was saved as fastperturb.key. Keep that file: without it nobody can restore.");
		});
	}

	/** Offers the service's key where it has one. */
	setUp(reversible) {
		const service = this.radios.find((radio) => radio.value === "service");
		service.parentElement.hidden = !reversible;
		if (!this.choice || (!reversible && service.checked)) {
			this.radios.find((radio) => radio.value === (reversible ? "service" : "one-time")).checked = true;
			this.#show();
		}
	}

	get choice() {
		return this.radios.find((radio) => radio.checked)?.value;
	}

	/** The user's own key as a part of the request; null if another is chosen. */
	get own() {
		return this.choice === "own" ? this.blob : null;
	}

	get oneTime() {
		return this.choice === "one-time";
	}

	/** What is still to be chosen. */
	get missing() {
		return this.choice === "own" && !this.blob ? "Choose your key file, or make a new key." : "";
	}

	#show(note = "") {
		by("own-key").hidden = this.choice !== "own";
		const standing = this.choice === "own" && this.blob ? "Your key is sent along, used for the request, and not kept." : "";
		by("key-note").textContent = [note, standing].filter(Boolean).join(" ");
		this.changed();
	}
}
