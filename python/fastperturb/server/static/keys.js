// Which key protects: the service's, one of the user's own file (or made here), or none that anybody has.

import { by, newKey, readKey, save } from "./ui.js";

/** The choice of the key; calls `changed` when it changes. */
export class KeyChoice {
	constructor(changed) {
		this.mine = null; // {kind, blob} of the own key
		this.changed = changed;
		this.radios = [...document.querySelectorAll("input[name=key]")];
		for (const radio of this.radios) radio.addEventListener("change", () => this.#show());
		by("key-file").addEventListener("change", async ({ target }) => {
			const [file] = target.files;
			target.value = "";
			if (!file) return;
			const key = await readKey(file);
			this.mine = key && key.kind !== "face-key" ? key : null;
			const wrong = key ? "opens one face and protects nothing" : "is not a key file";
			this.#show(this.mine ? `In use: ${file.name}.` : `${file.name} ${wrong}.`);
		});
		by("make-key").addEventListener("click", () => {
			const text = newKey();
			this.mine = { kind: "key", blob: new Blob([text.trim()]) };
			save(new Blob([text]), "fastperturb.key");
			this.#show("In use: the new key, which was saved as fastperturb.key. Keep that file: without it nobody can restore.");
		});
	}

	/** Offers the service's key where it has one; `recipients` are the ids of a service that protects for these alone. */
	setUp({ reversible, recipients = [] }) {
		const service = this.radios.find((radio) => radio.value === "service");
		service.parentElement.hidden = !reversible;
		this.radios.find((radio) => radio.value === "own").parentElement.hidden = recipients.length > 0;
		if (recipients.length) {
			by("service-key").textContent = `The operator's public key (${recipients.join(", ")}): who has the secret to it `
				+ "can restore; this service cannot";
		}
		if (!this.choice || (!reversible && service.checked)) {
			this.radios.find((radio) => radio.value === (reversible ? "service" : "one-time")).checked = true;
			this.#show();
		}
	}

	get choice() {
		return this.radios.find((radio) => radio.checked)?.value;
	}

	/** The user's own key as a part of the request, by its name. */
	get parts() {
		return this.choice === "own" && this.mine ? { [this.mine.kind]: this.mine.blob } : {};
	}

	/** Whether nobody will have the key. */
	get oneTime() {
		return this.choice === "one-time";
	}

	/** What is still to be chosen. */
	get missing() {
		return this.choice === "own" && !this.mine ? "Choose your key file, or make a new key." : "";
	}

	#show(note = "") {
		by("own-key").hidden = this.choice !== "own";
		by("purpose").hidden = by("face-keys-choice").hidden = this.oneTime;
		const standing = this.choice !== "own" || !this.mine ? "" : this.mine.kind === "to"
			? "This is a public key: only who has the secret to it can restore."
			: "Your key is sent along, used for the request, and not kept.";
		by("key-note").textContent = [note, standing].filter(Boolean).join(" ");
		this.changed();
	}
}
