// Draws the face's mesh over the stage: its points, and the outlines of face, eyes, irises,
// lips and brows.

export class MeshView {
  #mesh = null;  // x and y of each point in the photo's pixels, one after the other
  #size = [1, 1]; // of the photo

  // lines are lists of points, each a closed outline or, where its first differs, a path.
  constructor(canvas, button, lines) {
    this.canvas = canvas;
    this.button = button;
    this.lines = lines;
    button.addEventListener('click', () => this.show(!this.on));
  }

  get on() { return this.button.getAttribute('aria-pressed') === 'true'; }

  // set takes the mesh of a photo of width x height pixels, or null where there is none.
  set(mesh, { width, height }) {
    this.#mesh = mesh;
    this.#size = [width, height];
    this.button.disabled = !mesh;
    this.show(this.on && mesh !== null);
  }

  show(on) {
    const was = this.on;
    this.button.setAttribute('aria-pressed', String(on));
    this.canvas.hidden = !on;
    if (on && !was) this.#follow();
  }

  // follow keeps the mesh on the face, wherever the stage shows it.
  #follow() {
    if (!this.on) return;
    const view = globalThis.mien.view;
    if (view && this.#mesh) this.#draw(view);
    requestAnimationFrame(() => this.#follow());
  }

  #draw([left, top, wide, high]) {
    const { canvas } = this, box = canvas.getBoundingClientRect(), k = globalThis.devicePixelRatio || 1;
    const w = Math.round(box.width * k), h = Math.round(box.height * k);
    const state = [w, h, left, top, wide, high].join();
    if (state === this.drawn && this.drawnMesh === this.#mesh) return; // nothing moved
    this.drawn = state;
    this.drawnMesh = this.#mesh;
    canvas.width = w;
    canvas.height = h;
    const at = (i) => [(left + this.#mesh[2 * i] * wide) * w, (top + this.#mesh[2 * i + 1] * high) * h];
    const draw = canvas.getContext('2d');
    draw.strokeStyle = 'rgb(120 255 214 / .9)';
    draw.fillStyle = 'rgb(255 255 255 / .75)';
    draw.lineWidth = k;
    draw.beginPath();
    for (const line of this.lines) line.forEach((i, n) => draw[n ? 'lineTo' : 'moveTo'](...at(i)));
    draw.stroke();
    for (let i = 0; i < this.#mesh.length / 2; i++) {
      const [x, y] = at(i);
      draw.fillRect(x - k / 2, y - k / 2, k, k);
    }
  }
}
