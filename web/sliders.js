// The sliders: each stands at the intensity of one Action Unit, 0 to 5, and
// starts at what the reader sees in the photo. What is asked for is the
// difference to that, for each half of the face.

const units = 17, most = 5;
const clamp = (v) => Math.min(Math.max(v, 0), most);
const short = (v) => v.toFixed(1).replace('.0', '');

export class Sliders {
  own = new Float32Array(units);   // what the photo shows
  left = new Float32Array(units);  // what is asked for, of the half at the picture's left
  right = new Float32Array(units);
  side = 'both';                   // which half the sliders move

  // changed is called whenever something else is asked for.
  constructor({ units: all, emotions }, { sliders, emotionButtons, sideButtons }, changed) {
    this.host = sliders;
    this.changed = () => { this.show(); changed(); };
    for (const unit of all) this.#row(unit);
    sliders.addEventListener('input', (e) => this.#set(e.target, Number(e.target.value)));
    sliders.addEventListener('dblclick', (e) => { if (e.target.type === 'range') this.#set(e.target, this.own[e.target.dataset.index]); });
    for (const emotion of emotions) this.#emotion(emotion, emotionButtons);
    for (const b of sideButtons.querySelectorAll('button')) {
      b.addEventListener('click', () => {
        this.side = b.dataset.side;
        for (const o of sideButtons.querySelectorAll('button')) o.setAttribute('aria-pressed', String(o === b));
        this.show();
      });
    }
    this.show();
  }

  #row(u) {
    let set = [...this.host.children].find((s) => s.dataset.region === u.region);
    if (!set) {
      set = document.createElement('fieldset');
      set.dataset.region = u.region;
      set.innerHTML = `<legend>${u.region}</legend>`;
      this.host.append(set);
    }
    const row = document.createElement('div');
    row.className = 'unit';
    row.innerHTML = `<label for="au${u.code}" title="AU${u.code}, ${u.name}">${u.plain} <span>${u.code}</span></label>
      <div class="track"><i class="own" hidden></i><input type="range" id="au${u.code}" min="0" max="${most}" step="0.1" value="0" data-index="${u.index}"><i class="seen" hidden></i></div>
      <output for="au${u.code}" id="out${u.code}">0</output><span class="read" id="read${u.index}" title="what the reader sees in the picture"></span>`;
    set.append(row);
  }

  // An emotion raises its Action Units above what the face shows anyway.
  #emotion({ name, values }, host) {
    const b = document.createElement('button');
    b.type = 'button';
    b.textContent = name;
    b.addEventListener('click', () => {
      for (const half of this.#halves()) half.forEach((_, i) => { half[i] = clamp(this.own[i] + values[i]); });
      this.changed();
    });
    host.append(b);
  }

  #halves() { return this.side === 'both' ? [this.left, this.right] : [this[this.side]]; }

  #set(input, value) {
    for (const half of this.#halves()) half[input.dataset.index] = value;
    this.changed();
  }

  // start stands all sliders at what a face shows; null where nobody reads it.
  start(read) {
    this.known = !!read;
    this.own = Float32Array.from(read || new Float32Array(units), clamp);
    this.reset();
    this.seen(read);
  }

  // reset asks for the face as photographed.
  reset() {
    this.left = this.own.slice();
    this.right = this.own.slice();
    this.changed();
  }

  // change is what is asked for, against what the photo shows.
  change() {
    const minus = (half) => half.map((v, i) => v - this.own[i]);
    return { left: minus(this.left), right: minus(this.right) };
  }

  // moved reports whether anything is asked for.
  moved() { return [this.left, this.right].some((half) => half.some((v, i) => v !== this.own[i])); }

  // seen marks what the reader sees in the picture as it is now; null: unknown.
  seen(read) {
    for (const input of this.host.querySelectorAll('input')) {
      const i = input.dataset.index, mark = input.nextElementSibling;
      mark.hidden = !read;
      document.getElementById(`read${i}`).textContent = read ? read[i].toFixed(1) : '';
      if (read) mark.style.setProperty('--at', clamp(read[i]) / most);
    }
  }

  show() {
    for (const input of this.host.querySelectorAll('input')) {
      const i = input.dataset.index, own = this.own[i], left = this.left[i], right = this.right[i];
      const v = this.side === 'both' ? (left + right) / 2 : this[this.side][i];
      input.value = v;
      input.style.setProperty('--low', Math.min(v, own) / most);
      input.style.setProperty('--high', Math.max(v, own) / most);
      const mark = input.previousElementSibling;
      mark.hidden = !this.known;
      mark.style.setProperty('--at', own / most);
      const text = left === right ? short(left) : `${short(left)} | ${short(right)}`;
      input.setAttribute('aria-valuetext', left === right ? text : `left ${short(left)}, right ${short(right)}`);
      input.parentElement.nextElementSibling.textContent = text;
    }
  }
}
