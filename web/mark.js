// Marks the eyes by hand, for a face that was not found or was found crooked: two rings on
// the stage, dragged with a pointer or moved with the arrow keys.

// Where eyes lie in a face's frame, -1 to 1 across it (shared/face/frame.go).
const eyes = [[-.292, -.297], [.306, -.297]];

export class Marker {
  #points = null; // of the two eyes, in the photo's pixels
  #held = null;   // the ring that is dragged
  #size = [1, 1]; // of the photo

  // use gets both points as [x, y, x, y]; changed is told whether marking goes on.
  constructor({ layer, panel, useButton, cancelButton }, use, changed) {
    this.layer = layer;
    this.panel = panel;
    this.rings = [...layer.querySelectorAll('button')];
    this.changed = changed;
    useButton.addEventListener('click', () => { const points = this.#points.flat(); this.stop(); use(points); });
    cancelButton.addEventListener('click', () => this.stop());
    layer.addEventListener('pointerdown', (e) => {
      e.preventDefault();
      const at = this.#photo(e);
      const [a, b] = this.#points.map(([x, y]) => Math.hypot(x - at[0], y - at[1]));
      this.#held = this.rings.indexOf(e.target);
      if (this.#held < 0) this.#held = a <= b ? 0 : 1; // beside both: the nearer one comes
      this.rings[this.#held].focus();
      layer.setPointerCapture(e.pointerId);
      this.#put(this.#held, at);
    });
    layer.addEventListener('pointermove', (e) => { if (this.#held !== null) this.#put(this.#held, this.#photo(e)); });
    for (const type of ['pointerup', 'pointercancel']) layer.addEventListener(type, () => { this.#held = null; });
    layer.addEventListener('keydown', (e) => {
      const i = this.rings.indexOf(e.target), step = e.shiftKey ? 12 : 2; // screen pixels
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[e.key];
      if (!by || i < 0) return;
      e.preventDefault();
      const { width, height } = layer.getBoundingClientRect(), [, , wide, high] = globalThis.mien.view;
      this.#put(i, [this.#points[i][0] + by[0] / width / wide, this.#points[i][1] + by[1] / height / high]);
    });
    for (const part of [layer, panel]) part.addEventListener('keydown', (e) => { if (e.key === 'Escape') this.stop(); });
  }

  get on() { return this.#points !== null; }

  // start shows the rings on a photo of width x height pixels, where frame has the eyes.
  start({ width, height }, frame) {
    this.#size = [width, height];
    this.#points = eyes.map(([u, v]) => [frame[0] * u + frame[1] * v + frame[2], frame[3] * u + frame[4] * v + frame[5]]);
    this.#points.forEach((p, i) => this.#put(i, p));
    this.layer.hidden = this.panel.hidden = false;
    this.changed(true);
    this.#follow();
  }

  stop() {
    if (!this.on) return;
    this.#points = this.#held = null;
    this.layer.hidden = this.panel.hidden = true;
    this.changed(false);
  }

  #put(i, point) { this.#points[i] = point.map((v, k) => Math.min(Math.max(v, 0), this.#size[k])); }

  // photo is the photo's pixel under a pointer.
  #photo(e) {
    const r = this.layer.getBoundingClientRect(), [left, top, wide, high] = globalThis.mien.view;
    return [((e.clientX - r.left) / r.width - left) / wide, ((e.clientY - r.top) / r.height - top) / high];
  }

  // follow keeps the rings on their points, wherever the stage shows them.
  #follow() {
    if (!this.on) return;
    if (globalThis.mien.view) { // else nothing was drawn yet
      const [left, top, wide, high] = globalThis.mien.view;
      this.rings.forEach((ring, i) => {
        ring.style.left = `${100 * (left + this.#points[i][0] * wide)}%`;
        ring.style.top = `${100 * (top + this.#points[i][1] * high)}%`;
      });
    }
    requestAnimationFrame(() => this.#follow());
  }
}
