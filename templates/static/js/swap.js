/* Swapping one part of the page: [data-swap="#id"] on a link or a form, which without this script are
   a plain link and a plain form. The server answers `X-Fragment: id` with that part alone. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;

  function swap(url, options, selector, push) {
    var box = $(selector);
    if (!box) { location.href = url; return Promise.resolve(); }
    return Zh.busy(ask(box, url, options, selector, push));
  }

  function ask(box, url, options, selector, push) {
    box.setAttribute('aria-busy', 'true');
    var wanted = Zh.turn(box);
    var headers = { 'X-Fragment': selector.slice(1) };
    var answer = options.body
      ? Zh.post(url, options.body, { headers: headers })
      : fetch(url, { headers: headers, credentials: 'same-origin' });
    return answer.then(function (response) {
      if (response.status === 401) { location.reload(); return; }
      return response.text().then(function (html) {
        if (/^\s*<!doctype/i.test(html)) {
          if (options.body || selector !== '#reader') { whole(response, html, url, options); return; }
          /* There is no such message any more: what is said of it stands in its place. */
          html = oops(html);
          if (!html) { location.href = url; return; }
        }
        if (!wanted()) return;
        var had = box.contains(document.activeElement);
        put(box, html);
        named(box);
        if (push) history.pushState({ swap: selector }, '', url);
        if (selector === '#reader') {
          var split = box.closest('.split');
          if (split) split.classList.add('reading');
          if (push || had || options.body) box.focus();
        }
      });
    }).catch(function () {
      box.removeAttribute('aria-busy');
      $$('button', box).forEach(function (button) { button.disabled = false; });
      Zh.toast(Zh.word('offline'), Zh.word('retry'), function () { swap(url, options, selector, push); });
    });
  }

  function put(box, html) {
    box.innerHTML = html;
    box.removeAttribute('aria-busy');
    box.scrollTop = 0;
    extras(box);
    /* What was just done is said where screen readers listen. */
    $$('.note[role=status]', box).forEach(function (note) { Zh.toast(note.textContent.trim()); note.remove(); });
    Zh.fresh(box);
  }

  function oops(html) {
    var said = $('.oops', new DOMParser().parseFromString(html, 'text/html'));
    return said && said.outerHTML;
  }
  function named(box) {
    var part = $('[data-title]', box);
    if (part) Zh.name(part.getAttribute('data-title'));
  }

  /* The server answered with a whole page: another place, or an error in words. */
  function whole(response, html, url, options) {
    if (!options.body) { location.href = url; return; }
    if (response.ok) { location.href = response.url; return; }
    var page = new DOMParser().parseFromString(html, 'text/html');
    var said = $('.oops .detail', page) || $('h1', page);
    Zh.toast(said ? said.textContent : Zh.word('failed'));
    $$('[aria-busy]').forEach(function (box) {
      box.removeAttribute('aria-busy');
      $$('button', box).forEach(function (button) { button.disabled = false; });
    });
  }

  /* An answer may carry <template data-for="css"> to renew other places, such as the row in the list. */
  function extras(box) {
    $$('template[data-for]', box).forEach(function (template) {
      var old = $(template.getAttribute('data-for'));
      if (old) old.parentNode.replaceChild(template.content.cloneNode(true), old);
      template.remove();
    });
  }

  on('click', 'a[data-swap]', function (e, link) {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.button) return;
    e.preventDefault();
    var row = link.closest('.row');
    if (row) Zh.mark(row);
    swap(link.href, {}, link.getAttribute('data-swap'), true);
  });

  /* Where a form goes, by the pressed button's own word or the form's. Asked as attributes: a field named
     `action` or `method` hides the form's property of that name. */
  function told(form, button, name) {
    return (button && button.getAttribute('form' + name)) || form.getAttribute(name) || '';
  }
  function addressOf(form, button) { return told(form, button, 'action') || location.pathname; }

  /* The pressed button is part of the form; FormData leaves it out. */
  var pressed = null;
  on('click', 'form button', function (e, button) { pressed = button; });
  Zh.pressed = function (form) { return pressed && pressed.form === form ? pressed : null; };
  on('submit', 'form[data-swap]', function (e, form) {
    if (e.defaultPrevented) return;
    e.preventDefault();
    var body = new URLSearchParams(new FormData(form)), button = Zh.pressed(form);
    if (button && button.name) body.append(button.name, button.value);
    var url = addressOf(form, button);
    if (told(form, button, 'method').toLowerCase() !== 'post') {
      swap(url + '?' + body, {}, form.getAttribute('data-swap'), true);
      return;
    }
    $$('button', form).forEach(function (button) { button.disabled = true; });
    swap(url, { body: body }, form.getAttribute('data-swap'), false);
  });

  /* A choice that only narrows what is shown takes effect at once; the keyboard stays on it. */
  on('change', 'form[data-swap] select[data-at-once]', function (e, select) {
    var form = select.form, selector = form.getAttribute('data-swap'), name = select.name;
    var url = addressOf(form) + '?' + new URLSearchParams(new FormData(form));
    swap(url, {}, selector, true).then(function () {
      var again = $(selector + ' select[name="' + name + '"]');
      if (again) again.focus();
    });
  });

  /* [data-check="#id"] on a button: the form as it stands goes there and back, and nothing is kept. */
  on('click', 'button[data-check]', function (e, button) {
    var body = new FormData(button.form), selector = button.getAttribute('data-check');
    e.preventDefault();
    body.delete('file');
    body = new URLSearchParams(body);
    body.append(button.name, button.value);
    swap(addressOf(button.form, button), { body: body }, selector, false).then(function () {
      var box = $(selector);
      if (box.firstElementChild) box.firstElementChild.scrollIntoView({ block: 'nearest' });
    });
  });
  /* What was worked out no longer holds once another choice is made, and what is still on its way does
     not either; the button goes on saying what it said until the next forecast. */
  on('change', '.audience, .rules, .sheet, .timing', function (e, part) {
    var form = part.closest('form'), button = $('button[data-check]', form);
    if (!button || e.target.hasAttribute('data-find')) return;
    var box = $(button.getAttribute('data-check'));
    Zh.turn(box)();
    box.textContent = '';
    box.removeAttribute('aria-busy');
  });

  Zh.swap = swap;
  Zh.put = put;
  addEventListener('popstate', function () { location.reload(); });
})();
