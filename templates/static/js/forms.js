/* Forms: counters, revealed fields, options that grow and move, a warning before typed text is lost. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;

  /* Characters as people count them, as the server does. */
  function count(input) {
    var output = input.parentNode.querySelector('output');
    if (output) output.textContent = Array.from(input.value).length + '/' + input.getAttribute('data-max');
  }
  on('input', '[data-max]', function (e, input) { count(input); });

  /* The names of the chosen files, each on its own line. */
  function picked(input) {
    var names = Array.from(input.files).map(function (file) { return file.name; });
    var note = $('small', input.parentNode);
    note.textContent = names.join('\n') || note.getAttribute('data-none');
  }
  on('change', '.picker input', function (e, input) { picked(input); });

  /* "Other" in a receipt opens its text. */
  function other(form) {
    var field = $('[data-other-for]', form), chosen = $('[data-other]:checked', form);
    if (!field) return;
    field.hidden = !chosen;
    $('textarea', field).required = !!chosen;
  }
  on('change', '.receipt input[type=radio]', function (e, radio) {
    other(radio.form);
    if (radio.hasAttribute('data-other')) $('textarea', radio.form).focus();
  });

  /* [data-shows="#id"]: a tick or a choice that shows a part of the form. */
  function shows(input) { $(input.getAttribute('data-shows')).hidden = !input.checked; }
  on('change', 'input', function (e, input) {
    var peers = input.type === 'radio' ? $$('input[name="' + input.name + '"][data-shows]', input.form) : [input];
    peers.forEach(function (peer) { if (peer.hasAttribute('data-shows')) shows(peer); });
  });

  on('click', '[data-fill]', function (e, button) {
    var field = $(button.getAttribute('data-fill'));
    field.value = button.textContent;
    field.focus();
  });

  /* Options that can be added, removed and moved, by pointer or by Alt and the arrows. */
  function shift(item, up) {
    var sibling = up ? item.previousElementSibling : item.nextElementSibling;
    if (!sibling || sibling.classList.contains('fixed')) return;
    item.parentNode.insertBefore(up ? item : sibling, up ? sibling : item);
    dirty = true;
  }
  on('click', '[data-add]', function (e, button) {
    var list = $(button.getAttribute('data-add')), items = $$('li:not(.fixed)', list);
    var item = items[items.length - 1].cloneNode(true), inputs = $$('input', item);
    inputs.forEach(function (input) { input.value = ''; });
    list.insertBefore(item, $('.fixed', list));
    inputs[0].focus();
  });
  on('click', '[data-remove]', function (e, button) {
    var item = button.closest('li'), list = item.parentNode;
    if ($$('li:not(.fixed)', list).length > 1) item.remove(); else $$('input', item).forEach(function (input) { input.value = ''; });
    dirty = true;
  });
  on('keydown', '.grip', function (e, grip) {
    if (!e.altKey || (e.key !== 'ArrowUp' && e.key !== 'ArrowDown')) return;
    e.preventDefault();
    shift(grip.parentNode, e.key === 'ArrowUp');
    grip.focus();
  });
  on('pointerdown', '.grip', function (e, grip) {
    var item = grip.parentNode, from = e.clientY;
    grip.setPointerCapture(e.pointerId);
    item.classList.add('drag');
    grip.onpointermove = function (move) {
      var way = move.clientY - from, height = item.offsetHeight;
      var sibling = way < 0 ? item.previousElementSibling : item.nextElementSibling;
      if (sibling && !sibling.classList.contains('fixed') && Math.abs(way) > height * 0.6) {
        shift(item, way < 0);
        from += way < 0 ? -height : height;
        way = move.clientY - from;
      }
      item.style.transform = 'translateY(' + way + 'px)';
    };
    grip.onpointerup = grip.onpointercancel = function () {
      item.classList.remove('drag');
      item.style.transform = '';
      grip.onpointermove = null;
    };
  });

  /* A tree of ticks: a branch ticks what is below it, and is half ticked when some of it is. */
  function branches(tree) {
    $$('li', tree).reverse().forEach(function (item) {
      var below = $$(':scope > details > ul > li', item).map(function (child) { return $('input', child); });
      if (!below.length) return;
      var own = $('input', item);
      var ticked = below.filter(function (input) { return input.checked; }).length;
      own.indeterminate = !own.checked && (ticked > 0 || below.some(function (input) { return input.indeterminate; }));
    });
  }
  function cover(input) {
    input.closest('li').classList.toggle('covers', input.checked);
    $$('input:not([name=except_department])', input.closest('li')).forEach(function (below) {
      if (below !== input) { below.checked = input.checked; below.disabled = input.checked; }
    });
  }
  on('change', '.tree input:not([name=except_department])', function (e, input) { cover(input); branches(input.closest('.tree')); });

  /* A form that was typed into asks before it is left. */
  var dirty = false;
  on('input', 'form[data-guard]', function () { dirty = true; });
  on('submit', 'form[data-guard]', function (e) { if (!e.defaultPrevented) dirty = false; });
  Zh.written = function (is) { dirty = is; };
  addEventListener('beforeunload', function (e) { if (dirty) { e.preventDefault(); e.returnValue = ''; } });

  /* After a refusal typing goes on at the first thing that is wrong. */
  var wrong = $('main form [aria-invalid=true], main form .field-wrong[tabindex]') || $('main form .note[role=alert]');
  /* In the middle: at an edge it could lie under a bar. */
  if (wrong) { wrong.focus(); wrong.scrollIntoView({ block: 'center' }); }

  Zh.onFresh(function (within) {
    /* What was typed into a form that is gone need not be kept. */
    if (!$('form[data-guard]')) dirty = false;
    $$('[data-max]', within).forEach(count);
    $$('.picker input', within).forEach(picked);
    $$('form.receipt', within).forEach(other);
    $$('[data-shows]', within).forEach(shows);
    $$('.tree input:checked:not([name=except_department])', within).forEach(cover);
    $$('.tree', within).forEach(branches);
  });
})();
