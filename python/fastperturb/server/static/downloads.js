// What is passed on: the picture that is chosen and its seal, keys of single faces, and all pictures at once.

import { partsOf, sendPatiently } from "./api.js";
import { by, complain, ending, make, saveAll, stem, write } from "./ui.js";
import { namedApart, zip } from "./zip.js";

const NOTES = {
	beside: "Publish the picture; keep the seal, which is encrypted, to yourself. The picture, the seal and the key bring the "
		+ "faces back. Keep all three.",
	inside: "The picture's file holds the encrypted originals. With the key it brings the faces back; without it nobody sees more "
		+ "than the picture shows.",
	none: "The picture's file holds a record of where the windows are. With the key it brings the faces back.",
};

/** Shows what can be downloaded of an answer; nothing without one. */
export function showFiles(done, boxes) {
	by("save-image").disabled = !done;
	by("save-seal").disabled = !done?.seals;
	const facts = done?.facts;
	let note = "";
	if (facts) {
		const who = facts.key_id ? ` Key: ${facts.key_id}.` : ` Recipients: ${facts.recipients.join(", ")}.`;
		note = facts.reversible ? NOTES[facts.sealed] + who : "Nobody has a key: the faces can never be restored from this.";
	}
	by("save-note").textContent = note;
	showFaceKeys(facts?.face_keys ?? [], facts?.regions ?? [], boxes);
}

/** The number of the box that a region is of: that with the nearest centre. */
function boxOf(region, boxes) {
	const far = ({ x, y, width, height }) => Math.hypot(
		x + width / 2 - region.x - region.width / 2, y + height / 2 - region.y - region.height / 2,
	);
	const distances = boxes.map(far);
	return distances.indexOf(Math.min(...distances)) + 1;
}

function showFaceKeys(keys, regions, boxes) {
	by("keys-of-faces").hidden = !keys.length;
	const numbers = regions.map((region) => boxOf(region, boxes));
	const order = [...keys.keys()].sort((a, b) => numbers[a] - numbers[b]);
	by("face-key-list").replaceChildren(...order.map((index) => {
		const key = keys[index];
		const field = make("input", { readOnly: true, value: key, autocomplete: "off", spellcheck: false });
		field.setAttribute("aria-label", `Key of the face in box ${numbers[index]}`);
		const copy = make("button", { type: "button", textContent: "Copy" });
		copy.setAttribute("aria-label", `Copy the key of the face in box ${numbers[index]}`);
		copy.addEventListener("click", async () => {
			field.select();
			try {
				await navigator.clipboard.writeText(key);
				copy.textContent = "Copied";
			} catch {
				copy.textContent = "Selected: press Ctrl+C"; // no clipboard for pages without TLS
			}
		});
		return make("li", {}, make("span", { textContent: `Box ${numbers[index]}` }), field, copy);
	}));
}

/** A line of a table for each face's key of a picture. */
function linesOfKeys(name, { face_keys: keys = [], regions }) {
	const quoted = `"${name.replaceAll('"', '""')}"`;
	return keys.map((key, index) => {
		const { x, y, width, height } = regions[index];
		return [quoted, x, y, width, height, key].join(",");
	});
}

/** Protects all pictures one after the other, and saves archives of pictures and of seals that lie apart, and face keys. */
export class All {
	/** `desk` has pictures(), request(picture) for {parts, params}, and failed(error) for what concerns all. */
	constructor(desk) {
		this.desk = desk;
		by("save-all").addEventListener("click", () => this.run());
		by("stop-all").addEventListener("click", () => this.stop());
	}

	/** Offers itself where there are two pictures or more. */
	show(count) {
		by("all").hidden = count < 2;
		write(by("save-all"), `Protect and download all ${count}`);
	}

	/** Ends what is under way, without a download. */
	stop() {
		this.controller?.abort();
		this.#idle("Stopped; nothing was downloaded.");
	}

	async run() {
		this.controller = new AbortController();
		const { signal } = this.controller;
		const pictures = this.desk.pictures().map((picture) => ({ picture, ...this.desk.request(picture) })); // as it is set now
		by("save-all").hidden = true;
		by("stop-all").hidden = false;
		by("all-failed").replaceChildren();
		const done = [];
		for (const [index, { picture, ...request }] of pictures.entries()) {
			by("all-status").textContent = `Protecting ${index + 1} of ${pictures.length}: ${picture.file.name}`;
			try {
				done.push({ picture, ...await this.#protect(picture, request, signal) });
			} catch (error) {
				if (signal.aborted) return;
				if (["unauthorised", "forbidden", "offline", "too-busy"].includes(error.name)) {
					this.#idle("Nothing was downloaded.");
					this.desk.failed(error, () => this.run());
					return;
				}
				const words = `${picture.file.name}: ${error.title ?? error.message}. ${error.help ?? ""}`;
				by("all-failed").append(make("li", { textContent: words }));
			}
		}
		await this.#save(done, pictures.length);
	}

	async #protect(picture, request, signal) {
		if (picture.edited && !picture.boxes.length) throw new Error("There is no box, so that nothing would be protected");
		const waiting = (seconds) => { by("all-status").textContent = `The service is busy; trying again in ${seconds} s.`; };
		const options = { ...request, accept: "multipart/form-data", signal };
		return partsOf(await sendPatiently("v1/perturb", options, waiting));
	}

	async #save(done, asked) {
		const names = namedApart(done.map(({ picture, image }) => `${stem(picture.file.name)}-protected${ending(image)}`));
		const images = done.map(({ image }, index) => ({ name: names[index], blob: image }));
		const seals = done.map(({ seals: blob }, index) => ({ name: `${names[index]}.seal`, blob })).filter(({ blob }) => blob);
		const keys = done.flatMap(({ facts }, index) => linesOfKeys(names[index], facts));
		const files = [];
		try {
			if (images.length) files.push(["protected-pictures.zip", await zip(images)]);
			if (seals.length) files.push(["seals-to-keep.zip", await zip(seals)]);
		} catch {
			complain("The pictures are too many for one archive", "Take some of them away.");
			this.#idle("Nothing was downloaded.");
			return;
		}
		if (keys.length) files.push(["face-keys.csv", new Blob([`picture,x,y,width,height,key\n${keys.join("\n")}\n`])]);
		await saveAll(files);
		const where = files.length ? `: ${files.map(([name]) => name).join(", ")}` : "";
		const left = asked - done.length;
		this.#idle(`${done.length} protected${where}.${left ? ` Not protected: ${left}, see below.` : ""}`);
	}

	#idle(text) {
		by("save-all").hidden = false;
		by("stop-all").hidden = true;
		by("all-status").textContent = text;
	}
}
