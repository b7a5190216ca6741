/* The one namespace, Zh. ES2018 only: it must parse on Chromium 69 (DingTalk on Android).
   Every page works without any of this; scripts only spare a reload. */
var Zh = (function () {
  'use strict';
  var doc = document, root = doc.documentElement;

  function $(selector, within) { return (within || doc).querySelector(selector); }
  function $$(selector, within) { return Array.prototype.slice.call((within || doc).querySelectorAll(selector)); }

  /* One listener on the document for all present and future elements. */
  function on(type, selector, fn) {
    doc.addEventListener(type, function (e) {
      var target = e.target.closest && e.target.closest(selector);
      if (target) fn(e, target);
    });
  }

  var store = {
    get: function (key) { try { return localStorage.getItem(key); } catch (e) { return null; } },
    set: function (key, value) { try { localStorage.setItem(key, value); } catch (e) { /* private mode */ } }
  };

  /* Words come from the page, in its language: word('chosen', {n: 3}). One thing may be said otherwise. */
  function word(key, values) {
    var words = $('#words');
    var text = (values && values.count === 1 && words.getAttribute('data-' + key + '-one')) || words.getAttribute('data-' + key) || '';
    Object.keys(values || {}).forEach(function (name) { text = text.replace('{' + name + '}', values[name]); });
    return text;
  }

  function toast(text, label, fn) {
    var box = doc.createElement('div');
    box.className = 'toast';
    box.textContent = text;
    if (label) {
      var button = doc.createElement('button');
      button.type = 'button';
      button.textContent = label;
      button.onclick = function () { box.remove(); fn(); };
      box.appendChild(button);
    }
    $('#toasts').appendChild(box);
    setTimeout(function () { box.remove(); }, label ? 7000 : 4000);
    return box;
  }

  /* Every change carries the session's token. */
  function post(url, body, more) {
    var token = $('meta[name=csrf]');
    var options = Object.assign({ method: 'POST', body: body, credentials: 'same-origin' }, more);
    options.headers = Object.assign({
      'X-CSRF': token ? token.getAttribute('content') : '',
      'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8'
    }, options.headers);
    return busy(fetch(url, options));
  }

  /* Whoever looks at the page again must know whether it was worked on meanwhile: then what he saw is
     older than what is done. */
  var work = { now: 0, done: 0 };
  function busy(answer) {
    work.now += 1;
    function end() { work.now -= 1; work.done += 1; }
    answer.then(end, end);
    return answer;
  }

  /* Of two answers for one place the one that was asked for later stays, whichever comes first:
     turn(box) when asking, and what it gives says on arrival whether the answer is still wanted. */
  function turn(box) {
    var asked = box.asked = (box.asked || 0) + 1;
    return function () {
      if (asked < (box.shown || 0)) return false;
      box.shown = asked;
      return true;
    };
  }

  /* The title of the tab: what is open, and before it what waits. */
  var title = doc.title, waiting = 0;
  function name(text) {
    title = text;
    doc.title = (waiting ? '(' + waiting + ') ' : '') + title;
  }
  function waits(count) { waiting = count; name(title); }

  /* What to do with every new piece of page; modules add to it. */
  var fresheners = [];
  function fresh(within) { fresheners.forEach(function (fn) { fn(within); }); }

  /* Theme and size: the server reads the cookie, so the next page is already right. */
  function look(key, value) {
    root.setAttribute('data-' + key, value);
    doc.cookie = key + '=' + value + ';path=/;max-age=31536000;samesite=lax';
    store.set(key, value);
  }
  var does = {
    theme: function () { look('theme', root.getAttribute('data-theme') === 'dark' ? 'light' : 'dark'); },
    size: function () { look('size', root.getAttribute('data-size') === 'large' ? 'normal' : 'large'); },
    print: function () { print(); },
    keys: function (input) { store.set('keys', input.checked ? 'on' : 'off'); }
  };
  on('click', '[data-do]', function (e, el) { does[el.getAttribute('data-do')](el); });
  on('change', '[data-do-change]', function (e, el) { does[el.getAttribute('data-do-change')](el); });

  /* Asked here, before any other script hears of the press. */
  on('click', '[data-confirm]', function (e, button) {
    if (!confirm(button.getAttribute('data-confirm'))) { e.preventDefault(); e.stopImmediatePropagation(); }
  });

  /* Dialogs are native: they trap the focus and give it back. */
  function open(dialog) { if (dialog.showModal) dialog.showModal(); else dialog.setAttribute('open', ''); }
  on('click', '[data-open]', function (e, el) { open($(el.getAttribute('data-open'))); });
  on('click', '[data-close]', function (e, el) { el.closest('dialog').close(); });
  on('click', 'dialog', function (e, dialog) { if (e.target === dialog) dialog.close(); });
  on('click', 'body', function (e) {
    $$('details.menu[open]').forEach(function (menu) { if (!menu.contains(e.target)) menu.open = false; });
  });

  /* Times such as "12 minutes ago" stay true while the page is open; the exact time is in the title. */
  function ago(within) {
    $$('time[data-ago]', within).forEach(function (el) {
      var minutes = (Date.now() - new Date(el.getAttribute('datetime')).getTime()) / 6e4;
      if (minutes < 0 || minutes >= 720) return;
      if (minutes < 1) el.textContent = word('now');
      else if (minutes < 60) el.textContent = word('minutes', { count: Math.floor(minutes) });
      else el.textContent = word('hours', { count: Math.floor(minutes / 60) });
    });
  }
  setInterval(ago, 6e4);
  /* Seconds until something happens, in words of the page. */
  setInterval(function () {
    $$('[data-until]').forEach(function (el) {
      var left = Math.ceil((new Date(el.getAttribute('data-until')).getTime() - Date.now()) / 1e3);
      el.textContent = el.textContent.replace(/\d+/, Math.max(0, left));
    });
  }, 500);
  fresheners.push(function (within) { if (within !== doc) ago(within); });

  return {
    $: $, $$: $$, on: on, store: store, word: word, toast: toast, post: post, turn: turn,
    busy: busy, work: work, name: name, waits: waits,
    fresh: fresh, onFresh: function (fn) { fresheners.push(fn); }, open: open
  };
})();
