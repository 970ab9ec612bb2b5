// What becomes of the picture or video that is shown, in words.

const faces = (count) => `${count} ${count === 1 ? "face" : "faces"}`;

/** A sentence about `shown`, whose boxes the editor has, or the film if it is on. */
export function verdictOf(shown, editor, film) {
	if (film.on) {
		const state = { done: "Reviewed: " }[shown.state] ?? (shown.stale ? "Changed since, tracks made anew: " : "");
		return `${state}${film.words}.`;
	}
	if (shown.state === "broken") return `Cannot be read: ${shown.problem}. It will not be protected.`;
	const [hide, spare, perhaps] = ["face", "spared", "perhaps"].map((kind) => editor.count(kind));
	const parts = [hide ? `${faces(hide)} will be hidden` : "Nothing will be hidden"];
	if (spare) parts.push(`${faces(spare)} left as ${spare === 1 ? "it is" : "they are"}`);
	if (perhaps) parts.push(`${perhaps} perhaps: take or delete`);
	const state = { done: "Reviewed: ", waiting: "Not looked at yet: " }[shown.state] ?? (shown.stale ? "Changed since: " : "");
	return `${state}${parts.join(", ")}.`;
}
