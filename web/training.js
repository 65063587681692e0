// The training panel: the websocket, loss curves, samples, steering.

const colours = ['#2b6e6a', '#c2572c', '#6a5acd', '#b08900', '#3a7bd5', '#a3372b', '#5e8c31', '#8a5a83'];
const maxPoints = 2000;
const $ = (id) => document.getElementById(id);

export class Training {
  constructor(onWeights, onError) {
    this.onWeights = onWeights;
    this.onError = onError;
    this.points = new Map(); // loss -> [[step, value]]
    this.wait = 500;
    this.state = 'idle';
    const given = new URLSearchParams(location.search).get('token');
    if (given) {
      sessionStorage.setItem('token', given);
      history.replaceState(null, '', location.pathname);
    }
    this.token = sessionStorage.getItem('token') || '';
    $('train-form').addEventListener('submit', (e) => {
      e.preventDefault();
      this.points.clear();
      $('pictures').replaceChildren();
      this.send({ type: 'start', preset: $('preset').value, data: $('data').value.trim(), steps: Number($('steps').value), seed: 1 });
    });
    $('pause').addEventListener('click', () => this.send({ type: this.state === 'paused' ? 'resume' : 'pause' }));
    $('stop').addEventListener('click', () => this.send({ type: 'stop' }));
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws?token=${encodeURIComponent(this.token)}`);
    this.socket.onopen = () => { this.wait = 500; this.connected(true); };
    this.socket.onmessage = (e) => this.receive(JSON.parse(e.data));
    this.socket.onclose = () => {
      this.connected(false);
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, 8000);
    };
  }

  connected(on) {
    $('connection').textContent = on ? 'connected' : 'reconnecting';
    $('connection').toggleAttribute('data-on', on);
    if (!on) this.buttons('offline');
  }

  send(message) {
    if (this.socket.readyState !== WebSocket.OPEN) { this.onError('The server is out of reach: training can’t be steered now.'); return; }
    this.socket.send(JSON.stringify({ ...message, token: this.token }));
  }

  buttons(state) {
    this.state = state;
    const live = state === 'running' || state === 'paused';
    $('train').disabled = live || state === 'offline' || !this.allowed;
    $('pause').disabled = $('stop').disabled = !live || !this.allowed;
    $('pause').textContent = state === 'paused' ? 'Go on' : 'Pause';
  }

  receive(m) {
    switch (m.type) {
      case 'hello':
        this.allowed = !!m.allowed;
        if (!m.allowed) $('data-help').textContent = 'To steer training, open the address with ?token= that mien printed.';
        this.buttons('idle');
        break;
      case 'state':
        this.buttons(m.run);
        $('run-state').textContent = m.run === 'idle' ? 'no training runs' :
          `${m.run}${m.preset ? `: ${m.preset} on ${m.data}` : ''}${m.text ? `. ${m.text}` : ''}`;
        break;
      case 'progress': this.progress(m); break;
      case 'sample':
        if (m.text) { this.picture(m); break; }
        $('samples').src = m.url;
        $('samples').hidden = false;
        break;
      case 'weights': this.onWeights(m); break;
      case 'error': this.onError(m.text); break;
    }
  }

  // picture shows the newest of each kind of picture under its caption.
  picture(m) {
    let figure = [...$('pictures').children].find((f) => f.dataset.text === m.text);
    if (!figure) {
      figure = document.createElement('figure');
      figure.dataset.text = m.text;
      const caption = document.createElement('figcaption');
      caption.className = 'small';
      caption.textContent = m.text;
      const img = document.createElement('img');
      img.alt = m.text;
      figure.append(img, caption);
      $('pictures').append(figure);
    }
    figure.querySelector('img').src = m.url;
  }

  progress(m) {
    const left = m.eta_s > 90 ? `${Math.round(m.eta_s / 60)} min` : `${Math.round(m.eta_s || 0)} s`;
    $('run-state').textContent = `step ${m.step} of ${m.steps || '?'}, ${(m.images_per_s || 0).toFixed(0)} images/s, ${left} left`;
    for (const [name, value] of Object.entries(m.losses || {})) {
      if (!this.points.has(name)) this.points.set(name, []);
      const line = this.points.get(name);
      if (line.length && line[line.length - 1][0] >= m.step) line.length = 0;
      line.push([m.step, value]);
      if (line.length > maxPoints) line.splice(0, line.length, ...line.filter((_, i) => i % 2));
    }
    document.documentElement.dataset.points = String(Math.max(0, ...[...this.points.values()].map((l) => l.length)));
    if (!this.drawing) this.drawing = requestAnimationFrame(() => { this.drawing = 0; this.draw(); });
  }

  draw() {
    const canvas = $('curves');
    const c = canvas.getContext('2d');
    const style = getComputedStyle(document.documentElement);
    const { width, height } = canvas;
    c.clearRect(0, 0, width, height);
    const lines = [...this.points];
    $('losses').hidden = !lines.length;
    const last = Math.max(1, ...lines.map(([, l]) => (l.length ? l[l.length - 1][0] : 0)));
    const values = lines.flatMap(([, l]) => l.map((p) => p[1])).filter((v) => v > 0);
    if (!values.length) return;
    // A logarithmic axis shows losses of all sizes; what is not positive lies
    // on the floor.
    const top = Math.log10(Math.max(...values)), floor = Math.max(Math.log10(Math.min(...values)), top - 4) - .05;
    const x = (s) => 40 + (width - 50) * s / last;
    const y = (v) => 10 + (height - 34) * (top - Math.max(Math.log10(Math.max(v, 1e-9)), floor)) / (top - floor || 1);
    c.font = '12px system-ui';
    c.strokeStyle = style.getPropertyValue('--line');
    c.fillStyle = style.getPropertyValue('--soft');
    for (let e = Math.ceil(floor); e <= top; e++) {
      c.beginPath(); c.moveTo(40, y(10 ** e)); c.lineTo(width - 10, y(10 ** e)); c.stroke();
      c.fillText(String(10 ** e).replace('0.', '.'), 4, y(10 ** e) + 4);
    }
    c.fillText(`step ${last}`, width - 80, height - 6);
    $('legend').replaceChildren();
    lines.forEach(([name, line], i) => {
      c.strokeStyle = colours[i % colours.length];
      c.lineWidth = 1.5;
      c.beginPath();
      line.forEach(([s, v], k) => (k ? c.lineTo(x(s), y(v)) : c.moveTo(x(s), y(v))));
      c.stroke();
      const label = document.createElement('span');
      const dot = document.createElement('i');
      dot.style.background = colours[i % colours.length];
      label.append(dot, `${name} ${line.length ? line[line.length - 1][1].toFixed(3) : ''}`);
      $('legend').append(label);
    });
  }
}
