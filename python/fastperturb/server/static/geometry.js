// Boxes {x, y, width, height} in pixels of the upright picture: where they are shown, grow, and hold a face; labels.

const HEAD = [0.3, 0.45, 0.3, 0.15]; // as the package's HEAD: left, top, right, bottom, in shares of the face's size

/** Puts an element over a part of a picture of a size. */
export function placeOver(element, item, size) {
	const share = (length, whole) => `${(100 * length) / whole}%`;
	element.style.left = share(item.x, size.width);
	element.style.top = share(item.y, size.height);
	element.style.width = share(item.width, size.width);
	element.style.height = share(item.height, size.height);
}

/** The box that a pointer spans from one point to another. */
export function spanned(from, to) {
	return {
		x: Math.min(from.x, to.x), y: Math.min(from.y, to.y),
		width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y),
	};
}

/** Whether a face that was found lies in a box: its centre does, and it is no speck in it. */
export function holds(box, face) {
	const x = face.x + face.width / 2 - box.x;
	const y = face.y + face.height / 2 - box.y;
	const large = 10 * face.width * face.height >= box.width * box.height;
	return large && x >= 0 && y >= 0 && x <= box.width && y <= box.height;
}

/** A box with a margin: a share of its size, or "head". */
export function grown(box, margin) {
	const shares = margin === "head" ? HEAD : Array(4).fill(Number(margin));
	const [left, top, right, bottom] = shares.map((share, side) => Math.round(share * (side % 2 ? box.height : box.width)));
	return { x: box.x - left, y: box.y - top, width: box.width + left + right, height: box.height + top + bottom };
}

/** Boxes with a margin, as the service's parameter `region` takes them. */
export function asRegions(boxes, margin = 0) {
	return boxes.map((item) => grown(item, margin)).map((box) => [box.x, box.y, box.width, box.height].join(","));
}

const touches = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/**
 * The side of a box where a label covers no face: below the chin, else above the head, else beside it, else none.
 *
 * `label` is the label's {width, height}; `boxes` has all boxes, and all is in pixels of the picture.
 */
export function freeSide(box, label, boxes, size) {
	const heads = boxes.map((item) => grown(item, "head"));
	const own = grown(box, "head");
	const places = {
		below: { x: box.x, y: box.y + box.height },
		above: { x: box.x, y: Math.min(own.y, box.y) - label.height },
		right: { x: own.x + own.width, y: box.y },
		left: { x: own.x - label.width, y: box.y },
	};
	for (const [side, { x, y }] of Object.entries(places)) {
		const place = { x, y, ...label };
		const inside = x >= 0 && y >= 0 && x + label.width <= size.width && y + label.height <= size.height;
		const others = side === "below" ? heads.filter((_, index) => boxes[index] !== box) : heads;
		if (inside && !others.some((head) => touches(place, head))) return side;
	}
	return "none";
}
