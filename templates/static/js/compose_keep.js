/* Compose: what is written is saved by itself, and files go up one by one, with their progress, as soon
   as they are chosen, dropped or pasted. Without it the form carries them when it is sent. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;
  var form = $('form.compose');
  var box = $('#compose_files');
  /* Who is added to a message that is out is no draft: that form has no place for what is kept. */
  if (!form || !box) return;
  var queue = Promise.resolve(), busy = 0, timer, isSending = false, edits = 0;
  var AFTER = 2500, AGAIN = 10000, LARGEST = 5 * 1024 * 1024;

  /* One saving after the other: each says what the next one writes on. */
  function save(file, progress) {
    busy += 1;
    var answer = queue.then(function () { return send(file, progress); });
    queue = answer.catch(function () { /* whoever asked hears of it */ }).then(function () { busy -= 1; });
    return answer;
  }

  function send(file, progress) {
    return new Promise(function (done, failed) {
      var body = new FormData(form), request = new XMLHttpRequest();
      body.delete('file');
      body.set('do', 'draft');
      if (file) body.append('file', file, file.name || 'image.png');
      request.open('POST', form.getAttribute('action'));
      request.setRequestHeader('X-Fragment', 'compose_files');
      request.setRequestHeader('X-CSRF', $('meta[name=csrf]').getAttribute('content'));
      request.timeout = file ? 120000 : 20000;
      if (progress) request.upload.onprogress = function (e) { progress.value = e.total ? e.loaded / e.total : 0; };
      request.onload = function () {
        var html = request.responseText;
        if (/^\s*<!doctype/i.test(html)) { failed(said(html)); return; }
        Zh.put(box, html);
        var problem = $('.field-wrong', box), id = $('input[name=id]', box).value;
        if (id && location.pathname !== '/compose/' + id) history.replaceState(history.state, '', '/compose/' + id);
        if (problem) failed(problem.textContent.trim()); else done();
      };
      request.onerror = request.ontimeout = function () { failed(''); };
      request.send(body);
    });
  }
  function said(html) {
    var page = new DOMParser().parseFromString(html, 'text/html'), words = $('.oops .detail', page) || $('h1', page);
    return words ? words.textContent.trim() : '';
  }
  function tell(text) {
    var line = $('[data-saved]');
    line.textContent = text;
    line.classList.toggle('unsaved', !!text);
  }

  /* --- By itself --------------------------------------------------------------------------- */

  function isEmpty() {
    if ($('input[name=person]', form)) return false;
    return ['title', 'body', 'url', 'accounts'].every(function (name) {
      var field = $('[name=' + name + ']', form);
      return !field || !field.value.trim();
    });
  }
  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(keep, wait);
  }
  function keep() {
    if (isSending || isEmpty()) return;
    if (busy) { later(AFTER); return; }
    var saved = edits;
    save().then(function () {
      if (saved === edits) Zh.written(false);
    }, function (why) {
      Zh.written(true);
      tell(why || Zh.word('unsaved'));
      if (!why) later(AGAIN);
    });
  }
  function typed(e) {
    if (e.target.hasAttribute('data-find') || e.target.type === 'file') return;
    edits += 1;
    later(AFTER);
  }
  form.addEventListener('input', typed);
  form.addEventListener('change', typed);

  /* What was refused is kept nowhere yet, though nobody types any more. */
  if (form.hasAttribute('data-refused')) {
    setTimeout(function () {
      if (!isEmpty()) Zh.written(true);
      keep();
    });
  }

  /* What is on its way comes first: it says which draft this is. */
  on('submit', 'form.compose', function (e) {
    clearTimeout(timer);
    if (!busy || isSending) { isSending = true; return; }
    e.preventDefault();
    e.stopImmediatePropagation();
    var button = e.submitter || document.activeElement;
    isSending = true;
    queue.then(function () { if (button && button.form === form) button.click(); else form.submit(); });
  });
  addEventListener('pageshow', function () { isSending = false; });

  /* --- Files ------------------------------------------------------------------------------- */

  function upload(file) {
    var line = document.createElement('li'), name = document.createElement('span');
    var progress = document.createElement('progress');
    name.textContent = file.name || 'image.png';
    line.appendChild(name);
    line.appendChild(progress);
    $('#uploads').appendChild(line);
    if (file.size > LARGEST) { refuse(line, Zh.word('too-large')); return; }
    save(file, progress).then(function () { line.remove(); }, function (why) {
      /* The line says which file it was. */
      $$('.field-wrong', box).forEach(function (note) { note.remove(); });
      refuse(line, why || Zh.word('offline'), why ? null : function () { line.remove(); upload(file); });
    });
  }
  function refuse(line, why, again) {
    var note = document.createElement('small'), button = document.createElement('button');
    $('progress', line).remove();
    line.className = 'refused';
    line.setAttribute('role', 'alert');
    note.textContent = why;
    line.appendChild(note);
    button.type = 'button';
    button.className = 'link';
    button.textContent = Zh.word(again ? 'retry' : 'dismiss');
    button.onclick = again || function () { line.remove(); };
    line.appendChild(button);
  }
  function take(files) { Array.prototype.forEach.call(files, upload); }

  on('change', '.compose .picker input', function (e, input) {
    take(input.files);
    input.value = '';
    $('small', input.parentNode).textContent = '';
  });
  on('dragover', '.compose', function (e) {
    if (Array.prototype.indexOf.call(e.dataTransfer.types, 'Files') < 0 || $('#as-content').hidden) return;
    e.preventDefault();
    $('.picker').classList.add('over');
  });
  on('dragleave', '.compose', function () { $('.picker').classList.remove('over'); });
  on('drop', '.compose', function (e) {
    $('.picker').classList.remove('over');
    if (!e.dataTransfer.files.length || $('#as-content').hidden) return;
    e.preventDefault();
    take(e.dataTransfer.files);
  });
  on('paste', '.compose', function (e) {
    if (!e.clipboardData.files.length || $('#as-content').hidden) return;
    e.preventDefault();
    take(e.clipboardData.files);
  });
})();
