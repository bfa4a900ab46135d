#pragma once

/// How events look in the journal: records with short names, whose absent fields have their usual
/// values. Only `session_event.cpp` needs this.

#include "libagent/models/chat.hpp"
#include "libagent/record/field.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/turn.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libagent::session_wire {

struct call {
  std::string i;
  std::string n;
  std::optional<std::string> a;
};

template <class Inspector>
bool inspect(Inspector& f, call& x) {
  return record(f, x, "call", field("i", "Id.", x.i), field("n", "Tool.", x.n),
                field("a", "Arguments; {} when absent.", x.a));
}

struct message {
  std::optional<chat_role> r;
  std::optional<std::string> c;
  std::optional<std::vector<call>> t;
  std::optional<std::string> i;
  std::optional<std::string> n;
  std::optional<raw_json> p;
};

template <class Inspector>
bool inspect(Inspector& f, message& x) {
  return record(f, x, "message", field("r", "Role; user when absent.", x.r),
                field("c", "Content.", x.c), field("t", "Tool calls.", x.t),
                field("i", "Call that this answers.", x.i), field("n", "Speaker.", x.n),
                field("p", "Parts.", x.p));
}

struct usage {
  std::uint64_t p = 0;
  std::uint64_t c = 0;
  std::optional<std::uint64_t> h;
  std::optional<std::uint64_t> r;
  std::optional<bool> e;
};

template <class Inspector>
bool inspect(Inspector& f, usage& x) {
  return record(f, x, "usage", field("p", "Read.", x.p), field("c", "Written.", x.c),
                field("h", "Cached.", x.h), field("r", "Reasoning.", x.r),
                field("e", "Estimated.", x.e));
}

struct definition {
  std::string n;
  std::optional<std::string> d;
  std::optional<raw_json> p;
  std::optional<bool> s;
};

template <class Inspector>
bool inspect(Inspector& f, definition& x) {
  return record(f, x, "definition", field("n", "Name.", x.n), field("d", "Description.", x.d),
                field("p", "Parameters.", x.p), field("s", "Strict.", x.s));
}

struct choice {
  std::uint8_t m = 0;
  std::optional<std::string> f;
};

template <class Inspector>
bool inspect(Inspector& f, choice& x) {
  return record(f, x, "choice", field("m", "Mode by number.", x.m).range(0, 3),
                field("f", "Function.", x.f));
}

struct format {
  std::uint8_t k = 0;
  std::optional<std::string> n;
  std::optional<raw_json> s;
  std::optional<bool> t;
};

template <class Inspector>
bool inspect(Inspector& f, format& x) {
  return record(f, x, "format", field("k", "Kind by number.", x.k).range(0, 2),
                field("n", "Name.", x.n), field("s", "Schema.", x.s), field("t", "Strict.", x.t));
}

struct how {
  std::optional<double> t;
  std::optional<double> p;
  std::optional<double> pp;
  std::optional<double> fp;
  std::optional<std::int64_t> s;
  std::optional<std::uint32_t> m;
  std::optional<std::vector<std::string>> e;
  std::optional<std::string> r;
};

template <class Inspector>
bool inspect(Inspector& f, how& x) {
  return record(f, x, "how", field("t", "Temperature.", x.t), field("p", "Top p.", x.p),
                field("pp", "Presence penalty.", x.pp), field("fp", "Frequency penalty.", x.fp),
                field("s", "Seed.", x.s), field("m", "Most tokens.", x.m),
                field("e", "Stop texts.", x.e), field("r", "Reasoning effort.", x.r));
}

struct turn {
  std::uint32_t v = 1;
  std::string k;
  std::string id;
  std::optional<std::string> key;
  std::string agent;
  std::vector<message> m;
  std::optional<std::string> client;
  std::optional<std::string> trace;
  std::optional<std::vector<definition>> tools;
  std::optional<choice> tc;
  std::optional<bool> par;
  std::optional<format> fmt;
  std::optional<how> sampled;
  std::optional<criticality> lvl;
  std::optional<turn_limits> lim;
  std::int64_t due = 0;
  std::int64_t at = 0;
};

template <class Inspector>
bool inspect(Inspector& f, turn& x) {
  return record(f, x, "turn", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("id", "Id.", x.id), field("key", "Idempotency key.", x.key),
                field("agent", "Agent.", x.agent), field("m", "Messages.", x.m),
                field("client", "Who asks.", x.client), field("trace", "Traceparent.", x.trace),
                field("tools", "The caller's tools.", x.tools), field("tc", "Tool choice.", x.tc),
                field("par", "Parallel calls.", x.par), field("fmt", "Reply format.", x.fmt),
                field("how", "Sampling.", x.sampled), field("lvl", "Criticality.", x.lvl),
                field("lim", "Limits.", x.lim), field("due", "Deadline.", x.due),
                field("at", "Wall clock.", x.at));
}

struct step {
  std::uint32_t v = 1;
  std::string k;
  message m;
  std::optional<finish_reason> f;
  std::optional<std::string> by;
  std::optional<usage> u;
  std::optional<std::uint64_t> cost;
  std::optional<std::uint64_t> pb;
  std::optional<bool> found;
  std::optional<std::vector<citation>> cite;
};

template <class Inspector>
bool inspect(Inspector& f, step& x) {
  return record(f, x, "step", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("m", "Message.", x.m), field("f", "Finish; stop when absent.", x.f),
                field("by", "Model.", x.by), field("u", "Usage.", x.u),
                field("cost", "Millionths.", x.cost), field("pb", "Prompt bytes.", x.pb),
                field("found", "Found; yes when absent.", x.found),
                field("cite", "Citations.", x.cite));
}

struct started {
  std::uint32_t v = 1;
  std::string k;
  std::vector<std::string> c;
};

template <class Inspector>
bool inspect(Inspector& f, started& x) {
  return record(f, x, "start", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("c", "Calls.", x.c));
}

struct ended {
  std::uint32_t v = 1;
  std::string k;
  std::string c;
  std::string o;
  std::optional<bool> ok;
  std::optional<std::chrono::milliseconds> ms;
  std::optional<usage> u;
  std::optional<std::uint64_t> cost;
};

template <class Inspector>
bool inspect(Inspector& f, ended& x) {
  return record(f, x, "result", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("c", "Call.", x.c), field("o", "Output.", x.o),
                field("ok", "Succeeded; yes when absent.", x.ok), field("ms", "Took.", x.ms),
                field("u", "Usage.", x.u), field("cost", "Millionths.", x.cost));
}

struct asked {
  std::uint32_t v = 1;
  std::string k;
  std::vector<std::string> c;
  std::chrono::milliseconds left{0};
};

template <class Inspector>
bool inspect(Inspector& f, asked& x) {
  return record(f, x, "ask", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("c", "Calls.", x.c), field("left", "Milliseconds left.", x.left));
}

struct decided {
  std::uint32_t v = 1;
  std::string k;
  std::string c;
  bool ok = false;
  std::optional<std::string> by;
  std::int64_t due = 0;
};

template <class Inspector>
bool inspect(Inspector& f, decided& x) {
  return record(f, x, "decide", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("c", "Call.", x.c), field("ok", "Allowed.", x.ok), field("by", "Who.", x.by),
                field("due", "Deadline.", x.due));
}

struct handed {
  std::uint32_t v = 1;
  std::string k;
  std::string agent;
};

template <class Inspector>
bool inspect(Inspector& f, handed& x) {
  return record(f, x, "hand", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("agent", "Agent.", x.agent));
}

struct summary {
  std::uint32_t v = 1;
  std::string k;
  std::uint64_t n = 0;
  std::string t;
  std::optional<usage> u;
  std::optional<std::uint64_t> cost;
};

template <class Inspector>
bool inspect(Inspector& f, summary& x) {
  return record(f, x, "sum", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("n", "Entries replaced.", x.n), field("t", "Text.", x.t),
                field("u", "Usage.", x.u), field("cost", "Millionths.", x.cost));
}

struct end {
  std::uint32_t v = 1;
  std::string k;
  turn_state s = turn_state::answered;
  std::optional<error> e;
  std::optional<std::string> cache;
  std::int64_t at = 0;
};

template <class Inspector>
bool inspect(Inspector& f, end& x) {
  return record(f, x, "end", field("v", "Version.", x.v), field("k", "Kind.", x.k),
                field("s", "State.", x.s), field("e", "Failure.", x.e),
                field("cache", "How it was served.", x.cache), field("at", "Wall clock.", x.at));
}

}  // namespace libagent::session_wire
