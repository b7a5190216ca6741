"""A module in another language: Python with pika against a real RabbitMQ and a real hub.

Starts `zhihui serve` on the PostgreSQL and RabbitMQ that ZHIHUI_TEST_DATABASE and
ZHIHUI_TEST_BROKER name, brings 1,200 people in from an xlsx file that openpyxl wrote, and talks to
the queue as docs/api/asyncapi.json says: plain, CloudEvents structured and binary, idempotent,
refused, unreadable; then reads the result over HTTP and hears the events.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import openpyxl
import pika

PEOPLE = 1200
DEADLINE_S = 60
DATABASE = os.environ["ZHIHUI_TEST_DATABASE"]
BROKER = os.environ["ZHIHUI_TEST_BROKER"]
BINARY = os.environ.get("ZHIHUI_TEST_BINARY", "target/debug/zhihui")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Hub:
    """One hub with a schema, queue names and a folder of its own."""

    def __init__(self, folder):
        name = "story_" + uuid.uuid4().hex[:12]
        self.schema, self.prefix = name, name.replace("_", "-")
        subprocess.run(["psql", DATABASE, "-qc", f"create schema {name}"], check=True)
        sign = "&" if "?" in DATABASE else "?"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.env = dict(
            os.environ,
            ZHIHUI_DATABASE_URL=f"{DATABASE}{sign}options=-c%20search_path%3D{name}",
            ZHIHUI_BROKER_URL=BROKER,
            ZHIHUI_BROKER_PREFIX=self.prefix,
            ZHIHUI_LISTEN=self.url.removeprefix("http://"),
            ZHIHUI_DATA_DIR=folder,
        )
        self.process = None

    def run(self, *words):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        self.process = subprocess.Popen([BINARY, "serve"], env=self.env, stderr=subprocess.DEVNULL)
        wait_for("the hub to be ready", lambda: self.get("/readyz")["state"] == "ok")

    def get(self, path, token=None):
        request = urllib.request.Request(self.url + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0, "SIGTERM ends the hub cleanly"
        subprocess.run(["psql", DATABASE, "-qc", f"drop schema {self.schema} cascade"], check=True,
                       stderr=subprocess.DEVNULL)


def wait_for(what, holds):
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            if holds():
                return
        except (OSError, urllib.error.URLError, KeyError):
            pass
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.1)


class Module:
    """A program that publishes commands and waits for its answers."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.user = pika.URLParameters(BROKER).credentials.username
        self.connection = pika.BlockingConnection(pika.URLParameters(BROKER))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()
        self.answers = self.channel.queue_declare("", exclusive=True).method.queue
        self.events = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.events, f"{prefix}.events", "#")

    def publish(self, body, key="message.send", **properties):
        """Publishes and returns the hub's answer."""
        correlation = uuid.uuid4().hex
        settings = dict(message_id=uuid.uuid4().hex, user_id=self.user, delivery_mode=2,
                        content_type="application/json", reply_to=self.answers, correlation_id=correlation)
        settings.update(properties)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.channel.basic_publish(f"{self.prefix}.commands", key, raw, pika.BasicProperties(**settings))
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            _, given, answer = self.channel.basic_get(self.answers, auto_ack=True)
            if answer is not None and given.correlation_id == correlation:
                return json.loads(answer)
            self.connection.process_data_events(0.05)
        raise AssertionError("no answer came")

    def throw(self, **properties):
        """Publishes something and waits for nothing."""
        settings = dict(user_id=self.user, delivery_mode=2)
        settings.update(properties)
        self.channel.basic_publish(f"{self.prefix}.commands", "message.send", b"{}", pika.BasicProperties(**settings))

    def heard(self):
        """The kinds of all events that have come."""
        kinds = []
        while True:
            _, given, body = self.channel.basic_get(self.events, auto_ack=True)
            if body is None:
                return kinds
            event = json.loads(body)
            assert event["specversion"] == "1.0" and given.content_type == "application/cloudevents+json"
            assert "1380" not in body.decode(), "an event holds nobody's phone number"
            kinds.append(event["type"])


def write_people(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["账号", "姓名", "手机号", "邮箱", "部门", "职务", "类别", "部门负责人"])
    for nth in range(PEOPLE):
        sheet.append([f"t{nth:05}", f"人员{nth}", f"138{nth:08}", f"t{nth}@example.edu", f"青溪大学->第{nth % 7}学院",
                      "教师", "教职工", "是" if nth < 7 else "否"])
    book.save(path)


def notice(title, **more):
    return {"title": title, "body": "请准时参加。", "signature": "教务处",
            "audience": {"everyone": True}, "attributes": {"booking": "42"}, **more}


def story(hub, module, token):
    first = module.publish(notice("教学工作会议"), message_id="notice-1")
    assert first["status"] == "accepted", first
    again = module.publish(notice("教学工作会议"), message_id="notice-1")
    assert (again["status"], again["id"]) == ("duplicate", first["id"]), again
    other = module.publish(notice("另一个会议"), message_id="notice-1")
    assert other["problem"]["code"] == "IDEM_MISMATCH", other

    event = {"specversion": "1.0", "id": "ce-1", "source": "/meeting", "type": "message.send",
             "datacontenttype": "application/json", "data": notice("结构化事件")}
    structured = module.publish(event, key="any", message_id=None, content_type="application/cloudevents+json")
    assert structured["status"] == "accepted", structured
    headers = {"cloudEvents:specversion": "1.0", "cloudEvents:id": "ce-2", "cloudEvents:source": "/meeting",
               "cloudEvents:type": "message.send"}
    binary = module.publish(notice("二进制事件"), key="any", message_id=None, headers=headers)
    assert binary["status"] == "accepted", binary

    refused = {
        "PRODUCER_UNVERIFIED": dict(body=notice("谁？"), user_id=None),
        "MSG_TITLE_EMPTY": dict(body=notice(" ")),
        "BODY_ENCODING": dict(body=b"\xff\xfe"),
        "TOO_LARGE": dict(body=notice("大", signature="x" * 300_000)),
        "RCPT_NONE": dict(body={**notice("没有人"), "audience": {"people": []}}),
        "COMMAND_UNKNOWN": dict(body=notice("未知"), key="message.sing"),
    }
    for code, case in refused.items():
        answer = module.publish(**case)
        assert answer["status"] == "rejected" and answer["problem"]["code"] == code, (code, answer)

    # Texts that a database, or the client of the broker, cannot read: they cost nobody else anything.
    for nth in range(20):
        module.throw(type="message\0send", message_id=f"nul-{nth}")
    module.throw(message_id=b"\xff\xfe")
    # Nor does the hub write for one module into the queues of another.
    other = json.loads(hub.run("producer", "create", f"other-{hub.prefix}", "--json"))["amqp_user"]
    foreign = module.channel.queue_declare(f"{other}.answers", exclusive=True).method.queue
    module.throw(message_id="forged", reply_to=foreign)
    after = module.publish(notice("之后"))
    assert after["status"] == "accepted", after
    assert module.channel.basic_get(foreign, auto_ack=True)[2] is None, "a forged answer came"
    letters = hub.get("/api/v1/dead-letters", token)["items"]
    assert any(letter["code"] == "COMMAND_UNKNOWN" for letter in letters), letters

    path = f"/api/v1/messages/{first['id']}"
    wait_for("every inbox to have it", lambda: hub.get(path, token)["counts"]["delivered"] == PEOPLE)
    state = hub.get(path, token)
    assert state["counts"]["recipients"] == PEOPLE, state
    seen, cursor = set(), ""
    while cursor is not None:
        page = hub.get(f"{path}/deliveries?limit=100&cursor={cursor}", token)
        seen.update(item["account"] for item in page["items"])
        cursor = page["next_cursor"]
    assert len(seen) == PEOPLE, len(seen)
    kinds = []
    wait_for("the event that it is sent", lambda: kinds.extend(module.heard()) or "message.sent" in kinds)
    assert "message.submitted" in kinds and "message.sending" in kinds, kinds


def main():
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(folder)
        module = None
        try:
            people = os.path.join(folder, "people.xlsx")
            write_people(people)
            report = json.loads(hub.run("import", people, "--json"))
            assert (report["created"], report["failed"]) == (PEOPLE, 0), report
            assert json.loads(hub.run("import", people, "--json"))["unchanged"] == PEOPLE
            user = pika.URLParameters(BROKER).credentials.username
            made = json.loads(hub.run("producer", "create", user, "--audience", "everyone", "--trusted", "--json"))
            assert made["amqp_user"] == user
            hub.start()
            module = Module(hub.prefix)
            story(hub, module, made["token"])
        finally:
            if module:
                for name in ("commands", "dead", "work.priority"):
                    module.channel.queue_delete(f"{hub.prefix}.{name}")
            hub.stop()
    print(f"a Python module reached {PEOPLE} people over RabbitMQ")


if __name__ == "__main__":
    sys.exit(main())
