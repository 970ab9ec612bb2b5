// What the newest answer says: pictures, measures, and the faces that a detector still finds.

import { holds, placeOver } from "./boxes.js";
import { by, faceCount, make, showBlob, whole } from "./ui.js";

const LINES = { before: "before", after: "after", "view-before": "view_before", "view-after": "view_after" };

/** Says how it stands; screen readers read it out. */
export function say(text, bad = false) {
	by("status").textContent = text;
	by("status").classList.toggle("bad", bad);
}

/** Whether there is something to download. */
export function allowSaving(image, record) {
	by("save-image").disabled = !image;
	by("save-record").disabled = !record;
}

/** Shows nothing. */
export function clear() {
	allowSaving(false, false);
	for (const id of ["hidden-image", "view-image"]) {
		showBlob(by(id), null);
		showFound(id, []);
	}
	for (const id of ["psnr", "ssim", "moved", ...Object.keys(LINES)]) by(id).textContent = "–";
	by("moved-share").textContent = "of the picture";
	by("save-note").textContent = "";
	by("uncovered").hidden = true;
}

/** Shows an answer: the protected picture and its view, and the facts that came with them. */
export function show(image, view, facts, size) {
	const { faces } = facts.measures;
	showBlob(by("hidden-image"), image);
	showBlob(by("view-image"), view);
	showFound("hidden-image", faces.after, size);
	showFound("view-image", faces.view_after, size);
	showNumbers(facts, size);
	allowSaving(true, facts.record);
	by("save-note").textContent = facts.record
		? `The PNG holds the record that restoring needs. Key: ${facts.key_id}.`
		: "Made with a one-time key that is dropped: there is nothing to restore it with, and so no record.";
}

function showNumbers({ measures, moved, regions }, size) {
	by("psnr").textContent = measures.psnr === null ? "∞" : `${measures.psnr.toFixed(2)} dB`;
	by("ssim").textContent = measures.ssim === null ? "too small" : measures.ssim.toFixed(4);
	by("moved").textContent = whole(moved);
	by("moved-share").textContent = `${((100 * moved) / (size.width * size.height)).toFixed(1)} % of the picture`;
	const seen = {};
	for (const [id, name] of Object.entries(LINES)) {
		const hits = regions.map((box) => measures.faces[name].filter((face) => holds(box, face)));
		seen[id] = hits.filter((found) => found.length).length;
		const best = Math.max(0, ...hits.flat().map((face) => face.score));
		by(id).textContent = `${seen[id]} of ${regions.length}${best ? ` (${best.toFixed(2)})` : ""}`;
	}
	say(`${seen.after} of ${faceCount(regions.length)} still found directly, ${seen["view-after"]} through the view. `
		+ `PSNR ${by("psnr").textContent}, SSIM ${by("ssim").textContent}.`);
	const open = measures.faces.before.filter((face) => !regions.some((box) => holds(box, face))).length;
	by("uncovered").hidden = open === 0;
	by("uncovered").textContent = `Under no box, and so still visible: ${faceCount(open)}.`;
}

/** Draws the faces that the detector found over a picture. */
function showFound(id, faces, size) {
	const stage = by(id).parentElement;
	for (const old of stage.querySelectorAll(".found")) old.remove();
	for (const face of faces) {
		const tag = make("span", { className: "tag", textContent: `found ${face.score.toFixed(2)}` });
		const box = make("div", { className: "found", ariaHidden: "true" }, tag); // the table says it
		placeOver(box, face, size);
		stage.append(box);
	}
}
