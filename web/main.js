// Ties the page together: photo and sliders to the worker, fields to the
// stage, training to both.
import { Device } from './device.js';
import { markFace, showFaces } from './faces.js';
import { fetchBytes, pixelsOf } from './load.js';
import { Marker } from './mark.js';
import { MeshView } from './mesh.js';
import { Sliders } from './sliders.js';
import { startStage } from './stage.js';
import { Training } from './training.js';

const $ = (id) => document.getElementById(id);
const page = document.documentElement;

let stage, worker, device, sliders, marker, mesh;
let photo = null;       // { width, height, rgba, frame }
let busy = false, again = false; // one field in flight, the newest state wins
let readerBytes = false;

function fail(text) {
  const a = $('alert');
  a.textContent = text;
  a.hidden = !text;
}

function status(text) { $('status').textContent = text; }

// The generator writes errors in the voice of a program; people get one
// sentence.
function sentence(text) { return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, '.'); }

function loading(text, share) {
  $('loading').hidden = !text;
  if (text) { $('load-text').textContent = text; $('load-bar').value = share; }
}

// --- fields

function request() {
  if (!photo) return;
  if (busy) { again = true; return; }
  clearTimeout(reading);
  if (!sliders.moved()) { stage.clearField(); page.dataset.field = 'none'; if (sliders.known) sliders.seen(sliders.own); return; }
  busy = true;
  page.dataset.busy = '1';
  worker.postMessage({ type: 'change', ...sliders.change() });
}

function arrived() {
  busy = false;
  delete page.dataset.busy;
  if (again) { again = false; request(); return; }
  // The picture is read when the sliders rest: reading would hold up the next field.
  clearTimeout(reading);
  if (sliders.known && sliders.moved()) reading = setTimeout(() => { worker.postMessage({ type: 'read' }); }, 250);
}
let reading = 0;

// drawn shows a field; what was asked of a photo that is closed is let go.
function drawn(m) {
  if (photo) {
    if (m.scene) stage.setScene(m.scene);
    else if (m.warp) stage.setField(m.size, m.warp, m.shade, m.mask, m.colour);
    else stage.clearField();
    page.dataset.field = m.scene || m.warp ? 'shown' : 'none';
    status(`${photo.width} × ${photo.height} pixels, ${m.ms.toFixed(m.ms < 10 ? 1 : 0)} ms a frame, ${m.device === 'gpu' ? 'GPU' : m.threads === 1 ? '1 thread' : `${m.threads} threads`}`);
  }
  arrived();
}

// seen marks what an edit has come to, unless the sliders have moved on.
function seen(m) {
  if (!busy && photo && sliders.moved()) sliders.seen(m.read);
  page.dataset.read = m.read.map((v) => v.toFixed(2)).join();
}

// --- photos

async function open(blob) {
  fail('');
  try {
    const p = await pixelsOf(blob);
    marker.stop();
    photo = null;
    page.dataset.photo = 'loading';
    pending = p;
    status('looking for the face');
    await finding;
    if (pending !== p) return; // another one was opened meanwhile
    worker.postMessage({ type: 'photo', width: p.width, height: p.height, rgba: p.rgba });
  } catch (err) {
    fail(err.message);
  }
}
let pending = null;

async function faced(m) {
  const opened = pending;
  photo = opened;
  photo.frame = m.frame;
  stage.setPhoto(photo.rgba, photo.width, photo.height, new Float64Array(m.frame));
  if (m.rest) stage.setLayers(m.rest);
  await showFaces($('faces'), photo, m.faces, (i) => worker.postMessage({ type: 'choose', face: i }));
  opened.rgba = null; // the worker keeps the full picture
  if (photo !== opened) return; // another one was opened meanwhile
  $('mark').disabled = $('zoom').disabled = $('before').disabled = $('save').disabled = false;
  status(`${photo.width} × ${photo.height} pixels`);
  mesh.set(m.mesh, photo);
  fresh(m);
  page.dataset.photo = 'ready';
  device.start();
  if (m.faces.length) return;
  fail('No face was found in this picture: show where its eyes are, or try a photo with a larger, upright face.');
  marker.start(photo, photo.frame);
}

function chosen(m) {
  if (!photo) return; // of a photo that was closed meanwhile
  fail('');
  marker.stop();
  photo.frame = m.frame;
  stage.setFrame(new Float64Array(m.frame));
  if (m.rest) stage.setLayers(m.rest);
  markFace($('faces'), m.face);
  mesh.set(m.mesh, photo);
  fresh(m);
  page.dataset.face = String(m.face);
}

// fresh starts on a face: nothing is changed, and a small face is shown large.
function fresh(m) {
  sliders.start(readerBytes ? m.read : null);
  const side = 2 * Math.hypot(m.frame[0], m.frame[3]);
  zoom(side < 0.55 * Math.min(photo.width, photo.height));
}

function zoom(on) {
  $('zoom').setAttribute('aria-pressed', String(on));
  stage.zoom(on);
}

// --- stage

async function launch() {
  stage = await startStage($('stage-host'), (share) => loading('loading the stage', share), relaunch);
}

// relaunch starts the stage again after it ended, and shows on it what it showed: the
// worker has the photo still. A stage that ends over and over is left.
async function relaunch() {
  const again = 'load the page again';
  ended = ended.filter((t) => performance.now() - t < 60000).concat(performance.now());
  if (ended.length > 3) { fail(`The stage stops again and again: ${again}.`); return; }
  if (document.hidden) await new Promise((done) => { document.addEventListener('visibilitychange', done, { once: true }); });
  try {
    await launch();
  } catch (err) {
    fail(sentence(`the stage has stopped, ${again}: ${err.message}`));
    return;
  }
  if (photo) worker.postMessage({ type: 'again' });
}
let ended = []; // when stages did

function shown(m) {
  if (!photo) return; // another one is opened
  stage.setPhoto(m.rgba, m.width, m.height, new Float64Array(m.frame));
  if (m.rest) stage.setLayers(m.rest);
  for (const [verb, id] of [['zoom', 'zoom'], ['showBefore', 'before']]) stage[verb]($(id).getAttribute('aria-pressed') === 'true');
  request();
}

// --- weights

let loadingWeights = Promise.resolve();

// hotLoad fetches announced weights and hands them to the worker, which checks
// and warms them up before they replace anything.
function hotLoad(m) {
  loadingWeights = loadingWeights.then(async () => {
    try {
      const bytes = await fetchBytes(m.url);
      worker.postMessage({ type: 'weights', bytes, sha256: m.sha256, step: m.step }, [bytes.buffer]);
    } catch (err) {
      refused({ step: m.step, text: err.message });
    }
  });
}

function loaded(m) {
  page.dataset.weights = `${m.preset}-${m.step}`;
  device.start();
  $('weights-state').textContent = `new weights loaded: step ${m.step} (${m.preset}, ${m.size} pixels)`;
  request();
}

function refused(m) {
  page.dataset.refused = String(m.step);
  $('weights-state').textContent = `weights of step ${m.step} were refused, the old ones stay in use: ${m.text}`;
}

// shipped fetches the shipped networks side by side and hands each to the worker: those
// that find faces first.
async function shipped() {
  const manifest = await (await fetch('weights/manifest.json')).json();
  const files = Object.fromEntries((manifest.files || []).map((f) => [f.kind, f]));
  const wanted = ['rig', 'mouth', 'detector', 'mesh', 'reader', 'generator'].filter((kind) => files[kind]);
  const done = wanted.map(() => 0);
  const bytes = Object.fromEntries(wanted.map((kind, i) => [kind, fetchBytes(`weights/${files[kind].name}`, (share) => {
    done[i] = share;
    loading('loading the networks', done.reduce((a, b) => a + b) / done.length);
  })]));
  const [rig, mouth, detector, mesh] = await Promise.all([bytes.rig, bytes.mouth, bytes.detector, bytes.mesh]);
  if (rig) worker.postMessage({ type: 'rig', rig, mouth }, [rig, mouth].filter(Boolean).map((b) => b.buffer));
  worker.postMessage({ type: 'finder', detector, mesh }, [detector.buffer, mesh.buffer]);
  const reader = await bytes.reader;
  if (reader) worker.postMessage({ type: 'reader', bytes: reader }, [reader.buffer]);
  const generator = await bytes.generator;
  // For faces of which only the eyes are known; ?generator lets it draw the others as well, to compare.
  const fallback = Boolean(rig) && !new URLSearchParams(location.search).has('generator');
  if (generator) worker.postMessage({ type: 'weights', bytes: generator, sha256: files.generator.sha256, step: files.generator.step, fallback }, [generator.buffer]);
}

// reading: the reader is there, and read is what it sees in the photo that is set.
function readerCame(m) {
  readerBytes = true;
  if (photo && !sliders.moved()) sliders.start(m.read);
}

let canFind;
const finding = new Promise((done) => { canFind = done; }); // the networks that find faces are there

// --- start

function receive(m) {
  switch (m.type) {
    case 'face': faced(m); break;
    case 'chosen': chosen(m); break;
    case 'field': drawn(m); break;
    case 'idle': arrived(); break;
    case 'read': seen(m); break;
    case 'finding': canFind(); break;
    case 'reading': readerCame(m); break;
    case 'device': device.told(m); break;
    case 'loaded': loaded(m); break;
    case 'refused': refused(m); break;
    case 'picture': save(m); break;
    case 'again': shown(m); break;
    case 'error':
      fail(/no generator/i.test(m.text) ? 'No weights are loaded yet: train some, below.' : sentence(m.text));
      break;
  }
}

async function save(m) {
  const canvas = new OffscreenCanvas(m.width, m.height);
  canvas.getContext('2d').putImageData(new ImageData(m.rgba, m.width, m.height), 0, 0);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await canvas.convertToBlob({ type: 'image/png' }));
  link.download = 'mien.png';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function wire() {
  $('file').addEventListener('change', (e) => { if (e.target.files[0]) open(e.target.files[0]); e.target.value = ''; });
  $('portrait').addEventListener('click', async () => open(await (await fetch('portrait/astronaut.png')).blob()));
  $('reset').addEventListener('click', () => sliders.reset());
  $('save').addEventListener('click', () => worker.postMessage({ type: 'picture', ...sliders.change() }));
  $('zoom').addEventListener('click', () => zoom($('zoom').getAttribute('aria-pressed') !== 'true'));
  $('mark').addEventListener('click', () => { if (marker.on) marker.stop(); else if (photo) marker.start(photo, photo.frame); });
  const before = (on) => { $('before').setAttribute('aria-pressed', String(on)); stage.showBefore(on); };
  $('before').addEventListener('click', () => before($('before').getAttribute('aria-pressed') !== 'true'));
  marker = new Marker({ layer: $('marks'), panel: $('mark-panel'), useButton: $('mark-use'), cancelButton: $('mark-cancel') },
    (eyes) => worker.postMessage({ type: 'mark', eyes }),
    (on) => { $('mark').setAttribute('aria-pressed', String(on)); before(on); });
  $('about-open').addEventListener('click', () => $('about').showModal());
  const frame = $('stage-frame');
  // Ebiten would take the drop itself and stop at an empty one.
  for (const type of ['dragover', 'dragleave', 'drop']) {
    window.addEventListener(type, (e) => {
      e.preventDefault();
      e.stopImmediatePropagation();
      $('drop-hint').hidden = type !== 'dragover';
      if (type === 'drop' && e.dataTransfer.files[0]) open(e.dataTransfer.files[0]);
    }, { capture: true });
  }
  frame.addEventListener('paste', (e) => { const f = e.clipboardData.files[0]; if (f) open(f); });
  camera();
}

function camera() {
  let stream = null;
  const stop = () => { stream?.getTracks().forEach((t) => t.stop()); stream = null; $('camera-panel').hidden = true; };
  $('camera').addEventListener('click', async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user' } });
    } catch {
      fail('The camera could not be opened: allow it in the browser, or open a photo.');
      return;
    }
    $('video').srcObject = stream;
    $('camera-panel').hidden = false;
    await $('video').play();
    $('snap').focus();
  });
  $('camera-close').addEventListener('click', stop);
  $('snap').addEventListener('click', async () => {
    const v = $('video');
    const canvas = new OffscreenCanvas(v.videoWidth, v.videoHeight);
    canvas.getContext('2d').drawImage(v, 0, 0);
    stop();
    open(await canvas.convertToBlob({ type: 'image/png' }));
  });
}

async function start() {
  const script = document.createElement('script');
  script.src = 'wasm_exec.js';
  const ready = new Promise((done, bad) => { script.onload = done; script.onerror = bad; });
  document.head.append(script);
  const threads = new URLSearchParams(location.search).get('threads');
  worker = new Worker(threads ? `worker.js?threads=${Number(threads)}` : 'worker.js');
  device = new Device(worker);
  const thinking = new Promise((done) => {
    worker.onmessage = ({ data }) => {
      if (data.type === 'ready') {
        mesh = new MeshView($('mesh-layer'), $('mesh'), data.outlines);
        sliders = new Sliders(data, { sliders: $('sliders'), emotionButtons: $('emotions'), sideButtons: $('sides') }, request);
        done();
      } else receive(data);
    };
  });
  loading('loading the page', 0);
  await ready;
  await launch();
  loading('starting the worker', 1);
  await thinking;
  wire();
  await shipped();
  loading('', 0);
  new Training(hotLoad, (text) => fail(sentence(text)));
  page.dataset.loaded = '1';
  if (!photo && !pending) $('portrait').click();
}

start().catch((err) => { loading('', 0); fail(sentence(`the page could not start: ${err.message}`)); });
