// "Would somebody recognise her?" in words, with the figures of docs/protections.md and attackers.md alone: rank-1 on
// AT&T, of the strongest attacker there; a rate and its 95 % interval over people.

import { by, make } from "./ui.js";

const OUTSIDE_HEAD = [0.59, 0.49, 0.68];
const OUTSIDE_ROUNDED_FACE = [0.90, 0.83, 0.95];
const VALUES_OF_HEAD = [0.93, 0.86, 0.97]; // camouflage, and the head as one window
const OUTSIDE_FACE = [0.97, 0.94, 0.99];
const COARSE_PIXELS = [0.96, 0.93, 0.99];

/** A rate and its interval for people. */
function rate([named, low, high]) {
	const percent = (share) => Math.round(100 * share);
	return `${percent(named)}\u00a0% (${percent(low)} to ${percent(high)}\u00a0%)`;
}

const BY_VALUES = "The strongest attacker, who only counts eight levels of grey in the head,";
const UNMEASURED = " Measured with 8 windows across the face's box and all pixels moved; what is set here was not.";

const ANSWERS = {
	original: () => ["Yes.", "dlib's recogniser, which never saw these people before, named all of them."],
	surrogate: ({ area, tone }) => {
		const [what, figure] = area === "face" ? ["drawn face", OUTSIDE_ROUNDED_FACE] : ["drawn head", OUTSIDE_HEAD];
		const face = tone === "coarse" ? "of which the picture tells how light it is, in four steps" : "which is not in the picture";
		return [
			`Not by her face, ${face}; by what is left, often.`,
			`The strongest attacker, who takes the nearest clear picture by the pixels outside the ${what} alone, named `
				+ `${rate(figure)}.`,
		];
	},
	camouflage: () => [
		"Yes, by whoever knows her colours.",
		`${BY_VALUES} named ${rate(VALUES_OF_HEAD)}.`,
	],
	windows: ({ window, amount, shape, grow }) => {
		if (window === "region" && amount === "all" && shape === "ellipse" && grow === "head") {
			return ["Yes.", `${BY_VALUES} named ${rate(VALUES_OF_HEAD)}.`];
		}
		const measured = window === "cells 8" && amount === "all" && shape === "box" && grow === "0";
		return [
			measured ? "Yes." : "Take it that the answer is yes.",
			`The strongest attacker, who takes the nearest clear picture by the pixels outside the box alone, named `
				+ `${rate(OUTSIDE_FACE)}; by all of it as 23 x 28 pixels ${rate(COARSE_PIXELS)}.${measured ? "" : UNMEASURED}`,
		];
	},
};

/** Two texts for a protection and its settings: the answer, and what was measured. */
export function answer(name, settings = {}) {
	return ANSWERS[name](settings);
}

/** Shows the answers for protections {name: title}, the original among them, as they are set. */
export function showAnswers(titles, settings) {
	by("answers").replaceChildren(...Object.entries(titles).map(([name, title]) => {
		const [short, long] = answer(name, name === "original" ? {} : settings.about(name));
		return make("div", {}, make("h3", { textContent: title }), make("p", {}, make("strong", { textContent: short }), ` ${long}`));
	}));
}
