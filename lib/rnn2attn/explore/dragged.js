// The query among keys follows the pointer and the arrow keys. What follows from it is computed here: its dot product
// with each key, the softmax of these, and the mean of the keys by these weights.
for (const figure of document.querySelectorAll("figure.rnn2attn-explore[data-query]")) {
  const { keys, unit, radius, pieces } = JSON.parse(figure.dataset.query);
  delete figure.dataset.query; // which the same script would find again, where the figure is on a page twice
  figure.dataset.computes = "";
  const all = (selector) => [...figure.querySelectorAll(selector)];
  const [plane, status] = [".plane svg", "[role=status]"].map((one) => figure.querySelector(one));
  const inputs = all("input");
  const written = (number) => (Math.round(100 * number) / 100 + 0).toFixed(2).replace("-", "−");
  let waiting;

  const show = () => {
    const query = inputs.map((input) => input.valueAsNumber);
    const scores = keys.map((key) => query[0] * key[0] + query[1] * key[1]);
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const total = powers.reduce((sum, power) => sum + power);
    const weights = powers.map((power) => power / total);
    const context = [0, 1].map((entry) => keys.reduce((sum, key, i) => sum + weights[i] * key[entry], 0));

    const at = ([x, y]) => `translate(${unit * x} ${-unit * y})`;
    const turn = (-180 / Math.PI) * Math.atan2(query[1], query[0]);
    plane.querySelector(".query").setAttribute("x2", unit * query[0]);
    plane.querySelector(".query").setAttribute("y2", -unit * query[1]);
    plane.querySelector(".tip").setAttribute("transform", `${at(query)} rotate(${turn})`);
    plane.querySelector(".context").setAttribute("transform", at(context));
    all(".share").forEach((share, i) => share.setAttribute("r", radius * Math.sqrt(weights[i])));
    all(".numbers .place").forEach((place, i) => (place.textContent = [query, context][i].map(written).join(", ")));
    all(".numbers tbody tr").forEach(({ cells }, i) => {
      cells[1].textContent = written(scores[i]);
      cells[2].textContent = written(weights[i]);
      cells[2].style.setProperty("--share", weights[i]);
    });

    const numbers = [...query.map(String), ...[...weights, ...context].map((number) => number.toFixed(2))];
    const text = pieces.map((piece, i) => piece + (numbers[i] ?? "")).join("");
    plane.parentElement.setAttribute("aria-label", text);
    for (const input of inputs) input.setAttribute("aria-valuetext", query.map(written).join(", "));
    clearTimeout(waiting); // said where the query rests
    waiting = setTimeout(() => (status.textContent = text), 500);
  };

  const move = (place) => {
    // Each rounds to its own step, and stays within its ends.
    inputs.forEach((input, entry) => (input.value = place[entry]));
    show();
  };

  const follow = ({ clientX, clientY }) => {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(plane.getScreenCTM().inverse());
    move([x / unit, -y / unit]);
  };

  const tip = plane.querySelector(".tip");
  // A finger on the tip drags it; anywhere else it scrolls the page. CSS's touch-action does not reach into a drawing.
  tip.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  tip.addEventListener("pointerdown", (event) => {
    tip.setPointerCapture(event.pointerId);
    inputs[0].focus({ preventScroll: true }); // the arrow keys go on from there
  });
  tip.addEventListener("pointermove", (event) => tip.hasPointerCapture(event.pointerId) && follow(event));
  plane.addEventListener("click", follow);

  const STEPS = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowDown: [0, -0.1], ArrowUp: [0, 0.1] };
  for (const input of inputs) {
    input.hidden = false;
    input.addEventListener("input", show);
    input.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      move(inputs.map((one, entry) => one.valueAsNumber + step[entry]));
    });
  }
  figure.querySelector(".hint").hidden = false;
}
