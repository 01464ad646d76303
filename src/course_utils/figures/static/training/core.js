// @ts-check
/**
 * Softmax regression by minibatch gradient descent, in plain typed arrays.
 *
 * Everything stands inside one function, so that tests can have it to themselves and a worker can
 * be made from its text (`scripts.trainer_text`). Seeds mean here what they mean to torch: the
 * generator, the order of the images and the initial weights are those of `torch.Generator`,
 * `torch.randperm` and `torch.normal` on a CPU (checked against torch by the tests).
 */

/**
 * @typedef {object} Images
 * @property {number} count
 * @property {Uint8Array} labels (count,)
 * @property {Uint32Array} starts (count + 1,): where each image's bright pixels begin
 * @property {Uint16Array} places row of the weights, times the number of classes, per bright pixel
 * @property {Uint8Array} values brightness 1 to 15 of each bright pixel
 */

/**
 * @typedef {object} Settings
 * @property {number} lr learning rate, above 0
 * @property {number} batchSize images per step
 * @property {number} seed of the initial weights and of the order of the images
 * @property {number} momentum 0 for plain gradient descent
 * @property {number} weightDecay times the parameter, added to its gradient, as in torch.optim.SGD
 */

/**
 * How long the steps of a first epoch were. Gradient descent lowers the loss of the images that a
 * step is computed on, if the step is short enough.
 * @typedef {object} Long
 * @property {number} steps
 * @property {number} rose how many of them raised that loss
 * @property {number} from that loss before the step that raised it by the largest factor
 * @property {number} to and after it
 */

/** Make the trainer's functions. */
export function trainingCore() {
  const CLASSES = 10;
  const PIXELS = 784;
  const LEVELS = 15;
  const SIGMA = 0.01;

  /**
   * Mersenne Twister, the generator of torch on a CPU.
   * @param {number} seed
   * @returns {() => number} 32 random bits
   */
  function generator(seed) {
    const state = new Uint32Array(624);
    state[0] = seed >>> 0;
    for (let i = 1; i < 624; i++) {
      const previous = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = Math.imul(1812433253, previous) + i;
    }
    let next = 624;
    function refill() {
      for (let k = 0; k < 624; k++) {
        const y = (state[k] & 0x80000000) | (state[(k + 1) % 624] & 0x7fffffff);
        state[k] = state[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    return () => {
      if (next === 624) {
        refill();
      }
      let y = state[next++];
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      return (y ^ (y >>> 18)) >>> 0;
    };
  }

  /**
   * torch.randperm.
   * @param {number} n
   * @param {() => number} random
   */
  function permutation(n, random) {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      order[i] = i;
    }
    for (let i = 0; i < n - 1; i++) {
      const other = i + random() % (n - i);
      const kept = order[i];
      order[i] = order[other];
      order[other] = kept;
    }
    return order;
  }

  /**
   * torch.normal(0, sigma, (CLASSES, PIXELS)), transposed as `SoftmaxRegression` does: pairs of
   * uniform numbers, eight apart, become pairs of normal ones (Box and Muller).
   * @param {() => number} random
   */
  function initialWeights(random) {
    const drawn = Float64Array.from(
      { length: PIXELS * CLASSES },
      () => (random() & 0xffffff) / 0x1000000,
    );
    for (let block = 0; block < drawn.length; block += 16) {
      for (let i = block; i < block + 8; i++) {
        const radius = SIGMA * Math.sqrt(-2 * Math.log(1 - drawn[i]));
        const angle = 2 * Math.PI * drawn[i + 8];
        drawn[i] = Math.fround(radius * Math.cos(angle));
        drawn[i + 8] = Math.fround(radius * Math.sin(angle));
      }
    }
    return drawn.map((_, i) => drawn[(i % CLASSES) * PIXELS + Math.floor(i / CLASSES)]);
  }

  /**
   * Unpack images of 4 bits per pixel, two pixels a byte, the left one in the high bits.
   * Half of all pixels are black: only the others are kept.
   * @param {Uint8Array} packed labels, then images
   * @returns {Images}
   */
  function unpack(packed) {
    const count = packed.length / (1 + PIXELS / 2);
    if (!Number.isInteger(count) || count === 0) {
      throw new Error(`a file of images is damaged: ${packed.length} bytes are no whole images`);
    }
    const labels = packed.slice(0, count);
    if (labels.some((label) => label >= CLASSES)) {
      throw new Error("a file of images is damaged: it has a label above 9");
    }
    const pixels = packed.subarray(count);
    let bright = 0;
    for (const pair of pixels) {
      bright += (pair >> 4 ? 1 : 0) + (pair & 15 ? 1 : 0);
    }
    const images = {
      count,
      labels,
      starts: new Uint32Array(count + 1),
      places: new Uint16Array(bright),
      values: new Uint8Array(bright),
    };
    let at = 0;
    for (let i = 0; i < count; i++) {
      for (let p = 0; p < PIXELS; p++) {
        const pair = pixels[(i * PIXELS + p) >> 1];
        const value = p & 1 ? pair & 15 : pair >> 4;
        if (value) {
          images.places[at] = p * CLASSES;
          images.values[at++] = value;
        }
      }
      images.starts[i + 1] = at;
    }
    return images;
  }

  /**
   * Put several unpacked files one after the other.
   * @param {Images[]} parts
   * @returns {Images}
   */
  function joined(parts) {
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    const bright = parts.reduce((sum, part) => sum + part.places.length, 0);
    const all = {
      count,
      labels: new Uint8Array(count),
      starts: new Uint32Array(count + 1),
      places: new Uint16Array(bright),
      values: new Uint8Array(bright),
    };
    let image = 0;
    let at = 0;
    for (const part of parts) {
      all.labels.set(part.labels, image);
      all.places.set(part.places, at);
      all.values.set(part.values, at);
      for (let i = 1; i <= part.count; i++) {
        all.starts[image + i] = at + part.starts[i];
      }
      image += part.count;
      at += part.places.length;
    }
    return all;
  }

  /**
   * Scores of one image, written to `scores` from `to` on. The loop over the classes is written
   * out: a loop of ten takes three to four times as long.
   * @param {Float64Array} W weights (PIXELS, CLASSES), then CLASSES biases
   * @param {Images} images
   * @param {number} image
   * @param {Float64Array} scores
   * @param {number} to
   */
  function score(W, images, image, scores, to) {
    const { places, values } = images;
    const end = images.starts[image + 1];
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let s5 = 0;
    let s6 = 0;
    let s7 = 0;
    let s8 = 0;
    let s9 = 0;
    for (let i = images.starts[image]; i < end; i++) {
      const v = values[i];
      const w = places[i];
      s0 += v * W[w];
      s1 += v * W[w + 1];
      s2 += v * W[w + 2];
      s3 += v * W[w + 3];
      s4 += v * W[w + 4];
      s5 += v * W[w + 5];
      s6 += v * W[w + 6];
      s7 += v * W[w + 7];
      s8 += v * W[w + 8];
      s9 += v * W[w + 9];
    }
    const b = PIXELS * CLASSES;
    scores[to] = s0 / LEVELS + W[b];
    scores[to + 1] = s1 / LEVELS + W[b + 1];
    scores[to + 2] = s2 / LEVELS + W[b + 2];
    scores[to + 3] = s3 / LEVELS + W[b + 3];
    scores[to + 4] = s4 / LEVELS + W[b + 4];
    scores[to + 5] = s5 / LEVELS + W[b + 5];
    scores[to + 6] = s6 / LEVELS + W[b + 6];
    scores[to + 7] = s7 / LEVELS + W[b + 7];
    scores[to + 8] = s8 / LEVELS + W[b + 8];
    scores[to + 9] = s9 / LEVELS + W[b + 9];
  }

  /**
   * Add factor * (pixels of an image) x (its ten errors) to a matrix of weights.
   * @param {Float64Array} W
   * @param {Images} images
   * @param {number} image
   * @param {Float64Array} errors
   * @param {number} from
   * @param {number} factor
   */
  function spread(W, images, image, errors, from, factor) {
    const { places, values } = images;
    const end = images.starts[image + 1];
    const perLevel = factor / LEVELS;
    const e0 = perLevel * errors[from];
    const e1 = perLevel * errors[from + 1];
    const e2 = perLevel * errors[from + 2];
    const e3 = perLevel * errors[from + 3];
    const e4 = perLevel * errors[from + 4];
    const e5 = perLevel * errors[from + 5];
    const e6 = perLevel * errors[from + 6];
    const e7 = perLevel * errors[from + 7];
    const e8 = perLevel * errors[from + 8];
    const e9 = perLevel * errors[from + 9];
    for (let i = images.starts[image]; i < end; i++) {
      const v = values[i];
      const w = places[i];
      W[w] += v * e0;
      W[w + 1] += v * e1;
      W[w + 2] += v * e2;
      W[w + 3] += v * e3;
      W[w + 4] += v * e4;
      W[w + 5] += v * e5;
      W[w + 6] += v * e6;
      W[w + 7] += v * e7;
      W[w + 8] += v * e8;
      W[w + 9] += v * e9;
    }
    for (let k = 0; k < CLASSES; k++) {
      W[PIXELS * CLASSES + k] += factor * errors[from + k];
    }
  }

  /**
   * Class with the largest of ten scores; of equal ones the first, as torch.argmax.
   * @param {Float64Array} scores
   * @param {number} from
   */
  function largest(scores, from) {
    let best = 0;
    for (let k = 1; k < CLASSES; k++) {
      if (scores[from + k] > scores[from + best]) {
        best = k;
      }
    }
    return best;
  }

  /**
   * Turn ten scores into errors p - y, in place; return the loss in nats.
   * @param {Float64Array} scores
   * @param {number} from
   * @param {number} best class with the largest score
   * @param {number} label
   */
  function errors(scores, from, best, label) {
    const shift = scores[from + best];
    const atLabel = scores[from + label] - shift;
    let sum = 0;
    for (let k = from; k < from + CLASSES; k++) {
      scores[k] = Math.exp(scores[k] - shift);
      sum += scores[k];
    }
    for (let k = from; k < from + CLASSES; k++) {
      scores[k] /= sum;
    }
    scores[from + label] -= 1;
    return Math.log(sum) - atLabel;
  }

  /**
   * Mean loss, accuracy and confusion counts (true class by row) on the first `count` images.
   * @param {Float64Array} W
   * @param {Images} images
   * @param {number} count
   */
  function evaluate(W, images, count) {
    const scores = new Float64Array(CLASSES);
    const confusion = new Uint16Array(CLASSES * CLASSES);
    let loss = 0;
    let hits = 0;
    for (let i = 0; i < count; i++) {
      score(W, images, i, scores, 0);
      const label = images.labels[i];
      const best = largest(scores, 0);
      hits += best === label ? 1 : 0;
      confusion[label * CLASSES + best]++;
      loss += errors(scores, 0, best, label);
    }
    return { loss: loss / count, accuracy: hits / count, confusion };
  }

  /**
   * Why a loss is large: what the wrong answers make of it, and what it would be if all scores
   * were divided by the number that suits them best, which changes no answer. Null where that
   * does not halve it, or leaves it above that of guessing.
   * @param {Float64Array} W
   * @param {Images} images
   * @param {number} count
   */
  function sureness(W, images, count) {
    const scores = new Float64Array(count * CLASSES);
    const one = new Float64Array(CLASSES);
    let wrong = 0;
    let ofWrong = 0;
    for (let i = 0; i < count; i++) {
      score(W, images, i, scores, i * CLASSES);
    }
    /** @param {number} divisor */
    function divided(divisor) {
      let loss = 0;
      wrong = 0;
      ofWrong = 0;
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < CLASSES; k++) {
          one[k] = scores[i * CLASSES + k] / divisor;
        }
        const best = largest(one, 0);
        const own = errors(one, 0, best, images.labels[i]);
        loss += own;
        if (best !== images.labels[i]) {
          wrong += 1;
          ofWrong += own;
        }
      }
      return loss / count;
    }
    const loss = divided(1);
    const found = { wrong, share: ofWrong / (loss * count), divisor: 1, loss };
    for (let k = 2; k < 40; k++) {
      const divisor = Math.round(2 ** (k / 2));
      const less = divided(divisor);
      if (less > found.loss) break;
      Object.assign(found, { divisor, loss: less });
    }
    return found.loss < Math.min(loss / 2, Math.log(CLASSES)) ? found : null;
  }

  /**
   * A run of training that goes on step by step.
   * @param {Images} images
   * @param {number} count how many of them to use
   * @param {Settings} settings the learning rate may be changed during the run
   * @param {ArrayLike<number>} start initial weights; the biases start at zero
   */
  function training(
    images,
    count,
    settings,
    start = initialWeights(generator(settings.seed)),
  ) {
    const W = new Float64Array((PIXELS + 1) * CLASSES);
    W.set(start);
    const velocity = settings.momentum ? new Float64Array(W.length) : null;
    const random = generator(settings.seed);
    const size = Math.min(settings.batchSize, count);
    const scores = new Float64Array(size * CLASSES);
    const steps = Math.ceil(count / size);
    /** @type {Uint32Array} */
    let order;
    const { momentum, weightDecay } = settings;
    /** @type {Long | null} */
    const long = momentum || weightDecay ? null : { steps, rose: 0, from: 1, to: 0 };
    const run = { W, steps, step: steps, epoch: 0, loss: 0, hits: 0, seen: 0, long, next };

    /** Take one step of the batch at hand and add its loss and hits to the epoch's. */
    function next() {
      if (run.step === steps) {
        order = permutation(count, random);
        Object.assign(run, { step: 0, epoch: run.epoch + 1, loss: 0, hits: 0, seen: 0 });
      }
      const batch = order.subarray(run.step * size, (run.step + 1) * size);
      const { loss, hits } = forward(batch);
      run.loss += loss;
      run.hits += hits;
      run.seen += batch.length;
      run.step += 1;
      update(batch);
      if (long && run.epoch === 1) compare(long, batch, loss);
    }

    /**
     * Compute the loss of a batch again, after its step.
     * @param {Long} long
     * @param {Uint32Array} batch
     * @param {number} before
     */
    function compare(long, batch, before) {
      const { loss } = forward(batch);
      long.rose += loss > before ? 1 : 0;
      if (loss / before > long.to / long.from) {
        Object.assign(long, { from: before / batch.length, to: loss / batch.length });
      }
    }

    /**
     * Loss and hits of a batch; its errors stand in the scores' places then.
     * @param {Uint32Array} batch
     */
    function forward(batch) {
      let loss = 0;
      let hits = 0;
      for (let i = 0; i < batch.length; i++) {
        score(W, images, batch[i], scores, i * CLASSES);
        const label = images.labels[batch[i]];
        const best = largest(scores, i * CLASSES);
        hits += best === label ? 1 : 0;
        loss += errors(scores, i * CLASSES, best, label);
      }
      return { loss, hits };
    }

    /** @param {Uint32Array} batch */
    function update(batch) {
      const { lr, momentum, weightDecay } = settings;
      if (velocity === null) {
        scale(W, 1 - lr * weightDecay);
        descend(W, batch, -lr / batch.length);
        return;
      }
      for (let i = 0; i < W.length; i++) {
        velocity[i] = momentum * velocity[i] + weightDecay * W[i];
      }
      descend(velocity, batch, 1 / batch.length);
      for (let i = 0; i < W.length; i++) {
        W[i] -= lr * velocity[i];
      }
    }

    /**
     * @param {Float64Array} target
     * @param {Uint32Array} batch
     * @param {number} factor
     */
    function descend(target, batch, factor) {
      for (let i = 0; i < batch.length; i++) {
        spread(target, images, batch[i], scores, i * CLASSES, factor);
      }
    }

    return run;
  }

  /**
   * @param {Float64Array} values
   * @param {number} factor
   */
  function scale(values, factor) {
    if (factor !== 1) {
      for (let i = 0; i < values.length; i++) {
        values[i] *= factor;
      }
    }
  }

  return { generator, permutation, initialWeights, unpack, joined, evaluate, sureness, training };
}
