/* Parts of a page that follow what happens: [data-follow="inbox outbox"] is looked at again when one of these
   has something new, at most about once a second. Only what differs is put in, so that the focus, the place,
   what is ticked and what is being typed stay.
   [data-follow-part="list"]: asked for as that part, at the address in its [data-here]; otherwise the page. */
(function () {
  'use strict';
  var $ = Zh.$, PAUSE = 1000, box = $('[data-follow]');
  Zh.follow = function (changed) {
    if (!box) return;
    var kinds = box.getAttribute('data-follow').split(' ');
    if (changed.some(function (kind) { return kinds.indexOf(kind) > -1; })) soon();
  };
  if (!box) return;

  var part = box.getAttribute('data-follow-part'), timer = null, isLooking = false, again = false, last = 0, pause = PAUSE;
  var isLeaving = false, asking = null;

  function soon() {
    again = true;
    if (timer || isLooking || isLeaving || document.hidden) return;
    /* Not everybody who hears of the same message asks in the same moment. */
    timer = setTimeout(look, Math.max(0, last + pause - Date.now()) + Math.random() * 200);
  }
  /* Whoever leaves may come to the next page as somebody else: this one asks nothing more. Kept from leaving,
     it goes on. */
  addEventListener('beforeunload', function () {
    isLeaving = true;
    clearTimeout(timer);
    timer = null;
    if (asking) asking.abort();
    setTimeout(stay, 5000);
  });
  addEventListener('pageshow', stay);
  function stay() { isLeaving = false; if (again) soon(); }
  /* Nobody looks at a hidden page. */
  document.addEventListener('visibilitychange', function () { if (again) soon(); });

  function look() {
    timer = null;
    if (Zh.work.now) { timer = setTimeout(look, 100); return; }
    var before = Zh.work.done, wanted = Zh.turn(box), letter = open();
    again = false;
    isLooking = true;
    pause = PAUSE;
    /* Nobody has touched anything: the session does not go on for this. */
    var headers = part ? { 'X-Follow': '1', 'X-Fragment': part } : { 'X-Follow': '1' }, began = Date.now();
    asking = window.AbortController ? new AbortController() : null;
    fetch(address(letter), { headers: headers, credentials: 'same-origin', signal: asking ? asking.signal : undefined })
      .then(function (response) {
        if (response.status >= 500) throw new Error(response.status);
        return response.ok && !response.redirected ? response.text() : null;
      })
      .then(function (html) {
        /* Something was done meanwhile: this look is older than that. */
        if (Zh.work.now || Zh.work.done !== before || letter !== open()) { again = true; return; }
        if (html !== null && wanted()) take(html, letter);
      })
      .catch(function () { again = true; pause = 5000 + Math.random() * 10000; })
      .then(function () {
        isLooking = false;
        last = Date.now();
        /* A page that takes long is looked at more seldom. */
        pause = Math.max(pause, PAUSE, 10 * (last - began));
        if (again) soon();
      });
  }
  function open() {
    var letter = part && $('#reader [data-letter]');
    return letter ? letter.getAttribute('data-letter') : '';
  }
  function address(letter) {
    if (!part) return location.href;
    return $('[data-here]', box).getAttribute('data-here') + (letter ? '&open=' + letter : '');
  }
  function take(html, letter) {
    var page = new DOMParser().parseFromString(html, 'text/html');
    var fresh = part ? page.body : $('[data-follow]', page);
    if (!fresh) return;
    renew(box, fresh);
    Zh.fresh(box);
    if (letter && $('[data-gone]', box)) Zh.swap('/inbox/' + letter, {}, '#reader', false);
  }

  /* What people have in hand is not the server's. */
  function isTheirs(el, name) {
    if (name === 'open') return true;
    return /^(INPUT|OPTION)$/.test(el.nodeName) && el.type !== 'hidden' && /^(value|checked|selected)$/.test(name);
  }
  function list(of) { return Array.prototype.slice.call(of); }
  function key(node) { return node.nodeType === 1 ? node.getAttribute('data-id') || node.id : ''; }

  function same(old, fresh) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    list(fresh.attributes).forEach(function (attribute) {
      if (old.getAttribute(attribute.name) === attribute.value || isTheirs(old, attribute.name)) return;
      old.setAttributeNS(attribute.namespaceURI, attribute.name, attribute.value);
    });
    list(old.attributes).forEach(function (attribute) {
      if (!fresh.hasAttribute(attribute.name) && !isTheirs(old, attribute.name)) old.removeAttribute(attribute.name);
    });
    if (old.nodeName !== 'TEXTAREA') renew(old, fresh);
  }
  /* The children of one become those of the other; what is named keeps its element. */
  function renew(old, fresh) {
    var wanted = list(fresh.childNodes), kept = {}, names = {};
    wanted.forEach(function (node) { if (key(node)) names[key(node)] = true; });
    list(old.childNodes).forEach(function (node) {
      if (!key(node)) return;
      if (names[key(node)]) kept[key(node)] = node; else node.remove();
    });
    var at = old.firstChild;
    wanted.forEach(function (node) {
      var found = key(node) ? kept[key(node)] : at && !key(at) ? at : null;
      if (!found || found.nodeName !== node.nodeName) { old.insertBefore(node, at); return; }
      if (found === at) at = at.nextSibling; else old.insertBefore(found, at);
      same(found, node);
    });
    while (at) {
      var next = at.nextSibling;
      at.remove();
      at = next;
    }
  }
})();
