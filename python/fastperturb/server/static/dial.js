// A choice of units with one slider and one number field for the unit that is chosen.

import { make } from "./ui.js";

/**
 * A dial in a fieldset with the parts .choices and .dial.
 *
 * `modes` gives for each unit {label, unit, min, max, step, value}; one without `min` has no number.
 */
export class Dial {
	constructor(fieldset, modes, changed) {
		Object.assign(this, { modes, changed, mode: Object.keys(modes)[0] });
		const title = fieldset.querySelector("legend").textContent.split(":")[0];
		this.area = fieldset.querySelector(".dial");
		this.range = make("input", { type: "range" });
		this.number = make("input", { type: "number", inputMode: "decimal" });
		this.unit = make("span", {});
		this.title = title;
		this.area.append(this.range, this.number, this.unit);
		fieldset.querySelector(".choices").append(...Object.entries(modes).map(([name, { label }]) => {
			const radio = make("input", { type: "radio", name: fieldset.id, value: name, checked: name === this.mode });
			radio.addEventListener("change", () => {
				this.mode = name;
				this.show();
				changed();
			});
			return make("label", {}, radio, label);
		}));
		this.range.addEventListener("input", () => this.#set(this.range.valueAsNumber));
		this.number.addEventListener("input", () => this.#set(this.number.valueAsNumber, true));
		this.number.addEventListener("change", () => this.show());
		this.show();
	}

	/** Name and value of the unit that is chosen; the value is undefined where it has none. */
	get chosen() {
		const { value, min, max } = this.modes[this.mode];
		return [this.mode, value && Math.max(min, Math.min(value, max))];
	}

	/** Sets how far a unit goes: {min, max} or one of them. */
	limit(mode, ends) {
		const it = this.modes[mode];
		if (Object.keys(ends).every((end) => it[end] === ends[end])) return; // showing would break into what is typed
		Object.assign(it, ends);
		this.show();
	}

	/** Brings slider and number up to date. */
	show() {
		const it = this.modes[this.mode];
		const [, value] = this.chosen;
		this.area.hidden = it.min === undefined;
		if (this.area.hidden) return;
		for (const input of [this.range, this.number]) {
			Object.assign(input, { min: it.min, max: it.max, step: it.step });
			input.value = value;
			input.setAttribute("aria-label", `${this.title}, ${it.unit}`);
		}
		this.range.setAttribute("aria-valuetext", `${value} ${it.unit}`);
		this.number.removeAttribute("aria-invalid");
		this.unit.textContent = it.unit;
	}

	#set(value, typing = false) {
		const it = this.modes[this.mode];
		const good = Number.isFinite(value) && value >= it.min && value <= it.max && (it.step < 1 || Number.isInteger(value));
		if (!good) {
			this.number.setAttribute("aria-invalid", "true"); // not taken over; leaving the field shows the last good one
			return;
		}
		it.value = value;
		this.range.value = value;
		this.range.setAttribute("aria-valuetext", `${value} ${it.unit}`);
		if (!typing) this.number.value = value;
		this.number.removeAttribute("aria-invalid");
		this.changed();
	}
}
