#include "actors/cluster.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "libagent/telemetry/node_events.hpp"

#include "tests/support/actor_fixture.hpp"

#include <caf/behavior.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <deque>
#include <memory>

// Other nodes are played by gates in the same process: to the cluster actor a peer is a gate. What
// only two processes can show (a killed peer, the wire) is in tests/system/two_nodes_test.cpp.

using namespace libagent;
using namespace libagent::actors;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;

namespace {

const endpoint far_endpoint{.host = "127.0.0.1", .port = 4711};
const auto some_id = make_task_id(1'700'000'000'000, 1, 1);
const auto other_id = make_task_id(1'700'000'000'000, 2, 2);

node_offer offer_of(std::string node, std::vector<std::string> tools) {
  node_offer offer{.node = std::move(node), .version = "0.1.0", .tools = {}};
  for (auto& name : tools)
    offer.tools.push_back({.name = std::move(name), .timeout_ms = 1'000});
  return offer;
}

/// One message that a played part received.
struct heard {
  std::string what;
  std::string text;  // a name, a reason or a result
  task_id id;
  std::uint32_t attempt = 0;
  errc code = errc::ok;
  caf::actor from;
};

class log_of_messages {
public:
  void add(heard message) { messages_.push_back(std::move(message)); }

  /// The messages called `what` so far, which are forgotten.
  std::vector<heard> take(std::string_view what) {
    std::vector<heard> taken;
    std::erase_if(messages_, [&](const heard& message) {
      const bool chosen = message.what == what;
      if (chosen)
        taken.push_back(message);
      return chosen;
    });
    return taken;
  }

private:
  std::vector<heard> messages_;
};

using log_ptr = std::shared_ptr<log_of_messages>;

heard outcome_heard(const task_id& id, std::uint32_t attempt, const work_outcome& outcome) {
  return {.what = "done",
          .text = outcome.result ? outcome.result->text : outcome.failure->context,
          .id = id,
          .attempt = attempt,
          .code = outcome.failure ? outcome.failure->code : errc::ok};
}

/// The gate of another node.
node_gate_actor::behavior_type played_gate(node_gate_actor::pointer self, log_ptr log) {
  auto add = [self, log](heard message) {
    message.from = caf::actor_cast<caf::actor>(self->current_sender());
    log->add(std::move(message));
  };
  return {
      [=](hello_atom, const node_offer& offer) { add({.what = "hello", .text = offer.node}); },
      [=](welcome_atom, const node_offer& offer) { add({.what = "welcome", .text = offer.node}); },
      [=](refuse_atom, const error& why) {
        add({.what = "refuse", .text = why.context, .code = why.code});
      },
      [=](run_atom, const task_id& id, std::uint32_t attempt, const task_request& request) {
        add({.what = "run", .text = request.target, .id = id, .attempt = attempt});
      },
      [=](cancel_atom, const task_id& id, std::uint32_t attempt, const std::string& reason) {
        add({.what = "cancel", .text = reason, .id = id, .attempt = attempt});
      },
      [=](progress_atom, const task_id& id, std::uint32_t attempt, const task_progress& how_far) {
        add({.what = "progress", .text = how_far.message, .id = id, .attempt = attempt});
      },
      [=](done_atom, const task_id& id, std::uint32_t attempt, const work_outcome& outcome) {
        add(outcome_heard(id, attempt, outcome));
      },
  };
}

/// What this node's dispatcher does as far as the cluster actor can see.
struct played_dispatcher {
  log_ptr log = std::make_shared<log_of_messages>();
  std::deque<task_observer_ptr> observers;  // of the submitted tasks, in order

  caf::behavior behavior() {
    return {
        [this](peer_up_atom, const node_offer& offer) {
          log->add({.what = "peer_up", .text = offer.node});
        },
        [this](peer_down_atom, const std::string& node) {
          log->add({.what = "peer_down", .text = node});
        },
        [this](progress_atom, const task_id& id, std::uint32_t attempt,
               const task_progress& how_far) {
          log->add({.what = "progress", .text = how_far.message, .id = id, .attempt = attempt});
        },
        [this](done_atom, const task_id& id, std::uint32_t attempt, const work_outcome& outcome) {
          log->add(outcome_heard(id, attempt, outcome));
        },
        [this](submit_atom, const task_request& request, const observer_ref& who) {
          log->add({.what = "submit", .text = request.target});
          observers.push_back(who.observer);
        },
        [this](cancel_atom, const task_id& id, const std::string& reason) {
          log->add({.what = "cancel", .text = reason, .id = id});
        },
    };
  }
};

using found_promise =
    caf::typed_response_promise<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;

/// CAF's middleman, with one address where somebody may listen.
struct played_network {
  log_ptr log = std::make_shared<log_of_messages>();
  caf::actor listener;  // at `far_endpoint`; null: nobody
  std::set<std::string> speaks;
  bool port_is_taken = false;
  bool is_silent = false;
  std::vector<found_promise> unanswered;

  caf::behavior behavior(caf::event_based_actor* self) {
    using found = caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;
    return {
        [this, self](caf::connect_atom, const std::string&, std::uint16_t) -> found {
          log->add({.what = "connect"});
          if (is_silent)
            return unanswered.emplace_back(
                self->make_response_promise<caf::node_id, caf::strong_actor_ptr,
                                            std::set<std::string>>());
          if (!listener)
            return caf::make_error(caf::sec::cannot_connect_to_node);
          return {self->node(), caf::actor_cast<caf::strong_actor_ptr>(listener), speaks};
        },
        // Only the actor that made a promise may keep it.
        [this, self](caf::ok_atom) {
          for (auto& late : std::exchange(unanswered, {}))
            late.deliver(self->node(), caf::actor_cast<caf::strong_actor_ptr>(listener), speaks);
        },
        [this](caf::publish_atom, std::uint16_t port, const caf::strong_actor_ptr& gate,
               const std::set<std::string>&, const std::string& host,
               bool) -> caf::result<std::uint16_t> {
          log->add({.what = "publish",
                    .text = host + ":" + std::to_string(port),
                    .from = caf::actor_cast<caf::actor>(gate)});
          if (port_is_taken)
            return caf::make_error(caf::sec::cannot_open_port);
          return port == 0 ? std::uint16_t{50'000} : port;
        },
        [this](caf::close_atom, std::uint16_t port) -> caf::result<void> {
          log->add({.what = "close", .text = std::to_string(port)});
          return caf::make_error(caf::sec::cannot_close_invalid_port);
        },
    };
  }
};

class cluster_fixture : public actor_fixture {
public:
  cluster_fixture() {
    network_handle = spawn([this](caf::event_based_actor* self) { return network.behavior(self); });
    network.speaks = system().message_types<node_gate_actor>();
    start_dispatcher();
  }

  ~cluster_fixture() { retract(system(), dispatcher_path); }

  void start_dispatcher() {
    dispatcher_handle = spawn([this](caf::event_based_actor*) { return dispatcher.behavior(); });
    publish(system(), dispatcher_path, caf::actor_cast<caf::strong_actor_ptr>(dispatcher_handle));
  }

  cluster_options options() {
    return {.own = offer_of("a", {"own_tool"}),
            .joins = {.pause = {.initial = 1s, .maximum = 4s, .jitter = backoff_jitter::none}},
            .network = network_handle,
            .gate_placement = placement::pooled};
  }

  cluster_actor start(cluster_options with) {
    cluster = spawn<cluster_impl>(std::move(with));
    run();
    return cluster;
  }

  node_gate_actor spawn_gate(const log_ptr& log) { return spawn(played_gate, log); }

  /// Node "b", which offers `far_tool`, listens at `far_endpoint` and is joined.
  void join_b() {
    b = spawn_gate(b_log);
    network.listener = caf::actor_cast<caf::actor>(b);
    auto with = options();
    with.joins.nodes = {far_endpoint};
    start(std::move(with));
    const auto hellos = b_log->take("hello");
    REQUIRE(hellos.size() == 1);
    gate = caf::actor_cast<node_gate_actor>(hellos.front().from);
    caf::send_as(b, gate, welcome_atom_v, offer_of("b", {"far_tool"}));
    run();
    REQUIRE(dispatcher.log->take("peer_up").size() == 1);
  }

  void forward(const std::string& node, const task_id& id,
               std::chrono::milliseconds timeout = 10s) {
    caf::anon_send(cluster, forward_atom_v, node, id, std::uint32_t{1},
                   task_request{.target = "far_tool", .arguments = {"{}"}, .timeout = timeout});
    run();
  }

  played_network network;
  played_dispatcher dispatcher;
  log_ptr b_log = std::make_shared<log_of_messages>();
  caf::actor network_handle;
  caf::actor dispatcher_handle;
  cluster_actor cluster;
  node_gate_actor gate;  // this node's
  node_gate_actor b;     // node b's
};

task_record record_in(task_state state) {
  return {.id = other_id, .target = "own_tool", .state = state};
}

}  // namespace

// -- joining ----------------------------------------------------------------

TEST_CASE_METHOD(cluster_fixture, "a node that is joined offers its tools to the dispatcher") {
  join_b();
  const auto peers = ask<std::vector<node_offer>>(cluster, status_atom_v);
  REQUIRE(peers.size() == 1);
  CHECK(peers.front().node == "b");
  CHECK(events().events(events::node_joined).size() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "a node that greets is welcomed and offered to the dispatcher") {
  auto with = options();
  with.listen = endpoint{.host = "127.0.0.1", .port = 0};
  start(with);
  const auto published = network.log->take("publish");
  REQUIRE(published.size() == 1);
  CHECK(published.front().text == "127.0.0.1:0");
  gate = caf::actor_cast<node_gate_actor>(published.front().from);
  b = spawn_gate(b_log);
  caf::send_as(b, gate, hello_atom_v, offer_of("b", {"far_tool"}));
  run();
  CHECK(b_log->take("welcome").size() == 1);
  CHECK(dispatcher.log->take("peer_up").size() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "nodes that join each other are peers once") {
  join_b();
  caf::send_as(b, gate, hello_atom_v, offer_of("b", {"far_tool"}));
  run();
  CHECK(b_log->take("welcome").size() == 1);
  CHECK(dispatcher.log->take("peer_up").empty());
  CHECK(ask<std::vector<node_offer>>(cluster, status_atom_v).size() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "a node whose name is taken is told so and not offered") {
  join_b();
  const auto log = std::make_shared<log_of_messages>();
  const auto impostor = spawn_gate(log);
  for (const auto* name : {"a", "b"}) {
    caf::send_as(impostor, gate, hello_atom_v, offer_of(name, {"far_tool"}));
    run();
    const auto refusals = log->take("refuse");
    REQUIRE(refusals.size() == 1);
    CHECK(refusals.front().code == errc::already_exists);
  }
  CHECK(dispatcher.log->take("peer_up").empty());
  CHECK(events().events(events::node_refused).size() == 2);
}

TEST_CASE_METHOD(cluster_fixture, "a node of another version is refused from either side") {
  auto theirs = offer_of("b", {"far_tool"});
  theirs.version = "0.2.0";
  b = spawn_gate(b_log);
  network.listener = caf::actor_cast<caf::actor>(b);
  auto with = options();
  with.joins.nodes = {far_endpoint};
  start(with);
  gate = caf::actor_cast<node_gate_actor>(b_log->take("hello").front().from);
  caf::send_as(b, gate, welcome_atom_v, theirs);
  run();
  CHECK(b_log->take("refuse").size() == 1);
  caf::send_as(b, gate, hello_atom_v, theirs);
  run();
  const auto refusals = b_log->take("refuse");
  REQUIRE(refusals.size() == 1);
  CHECK(refusals.front().code == errc::unsupported);
  CHECK(dispatcher.log->take("peer_up").empty());
}

TEST_CASE_METHOD(cluster_fixture, "a welcome from a gate that was not greeted is ignored") {
  join_b();
  const auto stranger = spawn_gate(std::make_shared<log_of_messages>());
  caf::send_as(stranger, gate, welcome_atom_v, offer_of("c", {"far_tool"}));
  run();
  CHECK(ask<std::vector<node_offer>>(cluster, status_atom_v).size() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "an address where nobody listens is tried again, ever later") {
  auto with = options();
  with.joins.nodes = {far_endpoint};
  start(with);
  CHECK(network.log->take("connect").size() == 1);
  advance(500ms);  // the second try comes with the next tick
  CHECK(network.log->take("connect").size() == 1);
  advance(500ms);
  CHECK(network.log->take("connect").empty());
  advance(500ms);
  CHECK(network.log->take("connect").size() == 1);
  advance(60s);
  const auto tries = network.log->take("connect").size();
  CHECK(tries >= 10);
  CHECK(tries <= 16);
  const auto failures = events().events(events::node_join_failed);
  REQUIRE(failures.size() == 1);  // not one per try
  CHECK(failures.front().fields.at("reason") ==
        "join node at 127.0.0.1:4711: nobody listens there");
}

TEST_CASE_METHOD(cluster_fixture,
                 "a node that does not answer the handshake is given up and tried again") {
  b = spawn_gate(b_log);
  network.listener = caf::actor_cast<caf::actor>(b);
  auto with = options();
  with.joins.nodes = {far_endpoint};
  start(with);
  CHECK(b_log->take("hello").size() == 1);
  advance(2'900ms);
  CHECK(events().events(events::node_join_failed).empty());
  advance(600ms);
  REQUIRE(events().events(events::node_join_failed).size() == 1);
  CHECK(b_log->take("hello").size() == 1);
}

TEST_CASE_METHOD(
    cluster_fixture,
    "a connection that hangs does not hold up the node, and is ignored when it comes late") {
  network.is_silent = true;
  auto with = options();
  with.joins.nodes = {far_endpoint};
  start(with);
  advance(3'500ms);
  REQUIRE(events().events(events::node_join_failed).size() == 1);
  b = spawn_gate(b_log);
  REQUIRE(network.unanswered.size() == 2);
  network.listener = caf::actor_cast<caf::actor>(b);
  caf::anon_send(network_handle, caf::ok_atom_v);
  run();
  CHECK(b_log->take("hello").size() == 1);  // for the second try, and not for the first as well
}

TEST_CASE_METHOD(cluster_fixture, "something else than a node at the address is not greeted") {
  b = spawn_gate(b_log);
  network.listener = caf::actor_cast<caf::actor>(b);
  network.speaks = {"replies_to<something>"};
  auto with = options();
  with.joins.nodes = {far_endpoint};
  start(with);
  CHECK(b_log->take("hello").empty());
  const auto failures = events().events(events::node_join_failed);
  REQUIRE(failures.size() == 1);
  CHECK_THAT(failures.front().fields.at("reason"), Catch::Contains("no node of this version"));
}

TEST_CASE_METHOD(cluster_fixture, "a refusal is reported in the words of the node that refused") {
  b = spawn_gate(b_log);
  network.listener = caf::actor_cast<caf::actor>(b);
  auto with = options();
  with.joins.nodes = {far_endpoint};
  start(with);
  gate = caf::actor_cast<node_gate_actor>(b_log->take("hello").front().from);
  caf::send_as(b, gate, refuse_atom_v, error{errc::already_exists, "node name \"a\" is taken"});
  run();
  const auto failures = events().events(events::node_join_failed);
  REQUIRE(failures.size() == 1);
  CHECK(failures.front().fields.at("reason") ==
        "join node at 127.0.0.1:4711: node name \"a\" is taken");
}

// -- listening --------------------------------------------------------------

TEST_CASE_METHOD(cluster_fixture, "a restarted cluster actor listens on the same port again") {
  std::vector<endpoint> told;
  auto with = options();
  with.listen = endpoint{.host = "127.0.0.1", .port = 0};
  with.on_listening = [&told](const expected<endpoint>& at) { told.push_back(at.value()); };
  start(with);
  REQUIRE(told.size() == 1);
  CHECK(told.front() == endpoint{.host = "127.0.0.1", .port = 50'000});
  urgent_exit(cluster, caf::exit_reason::kill);
  run();
  start(with);
  CHECK(network.log->take("close").front().text == "50000");
  CHECK(told.size() == 2);
  CHECK(told.back() == told.front());
}

TEST_CASE_METHOD(cluster_fixture, "a port in use is reported and tried again") {
  std::optional<expected<endpoint>> told;
  auto with = options();
  with.listen = endpoint{.host = "127.0.0.1", .port = 4000};
  with.on_listening = [&told](const expected<endpoint>& at) { told = at; };
  network.port_is_taken = true;
  start(with);
  REQUIRE((told && !told->has_value()));
  CHECK(told->error().context ==
        "listen on 127.0.0.1:4000: the port cannot be opened; is it in use?");
  network.port_is_taken = false;
  advance(1s);
  CHECK(told->has_value());
}

// -- running at a peer ------------------------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "a forwarded task runs at its peer and its result comes back once") {
  join_b();
  forward("b", some_id);
  const auto runs = b_log->take("run");
  REQUIRE(runs.size() == 1);
  CHECK(runs.front().text == "far_tool");
  caf::send_as(b, gate, progress_atom_v, some_id, std::uint32_t{1},
               task_progress{.fraction = 0.5, .message = "half"});
  const work_outcome result{.result = raw_json{"42"}, .failure = {}};
  caf::send_as(b, gate, done_atom_v, some_id, std::uint32_t{1}, result);
  caf::send_as(b, gate, done_atom_v, some_id, std::uint32_t{1}, result);
  run();
  CHECK(dispatcher.log->take("progress").front().text == "half");
  const auto done = dispatcher.log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().text == "42");
  CHECK(done.front().id == some_id);
}

TEST_CASE_METHOD(cluster_fixture,
                 "an answer from another node or for another attempt is not taken") {
  join_b();
  forward("b", some_id);
  const auto stranger = spawn_gate(std::make_shared<log_of_messages>());
  const work_outcome result{.result = raw_json{"42"}, .failure = {}};
  caf::send_as(stranger, gate, done_atom_v, some_id, std::uint32_t{1}, result);
  caf::send_as(b, gate, done_atom_v, some_id, std::uint32_t{2}, result);
  caf::send_as(b, gate, progress_atom_v, some_id, std::uint32_t{2}, task_progress{});
  caf::anon_send(gate, done_atom_v, some_id, std::uint32_t{1}, result);
  run();
  CHECK(dispatcher.log->take("done").empty());
  CHECK(dispatcher.log->take("progress").empty());
}

TEST_CASE_METHOD(cluster_fixture,
                 "a peer that dies is reported at once and joined again when it is back") {
  join_b();
  forward("b", some_id);
  urgent_exit(b, caf::exit_reason::kill);
  run();
  const auto lost = dispatcher.log->take("peer_down");
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().text == "b");
  CHECK(events().events(events::node_lost).front().fields.at("runs") == "1");

  const auto old_gate = b;
  b = spawn_gate(b_log);
  network.listener = caf::actor_cast<caf::actor>(b);
  advance(250ms);
  REQUIRE(b_log->take("hello").size() == 1);
  caf::send_as(b, gate, welcome_atom_v, offer_of("b", {"far_tool"}));
  run();
  CHECK(dispatcher.log->take("peer_up").size() == 1);
  // The run of the node that died is nothing that its successor could answer.
  caf::send_as(b, gate, done_atom_v, some_id, std::uint32_t{1},
               work_outcome{.result = raw_json{"42"}, .failure = {}});
  run();
  CHECK(dispatcher.log->take("done").empty());
}

TEST_CASE_METHOD(cluster_fixture,
                 "a cancel is passed on to the peer, whose answer still frees the run") {
  join_b();
  forward("b", some_id);
  caf::anon_send(cluster, cancel_atom_v, some_id, std::string{"the user left"});
  run();
  const auto cancels = b_log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().text == "the user left");
  caf::send_as(b, gate, done_atom_v, some_id, std::uint32_t{1},
               work_outcome{.result = {}, .failure = error{errc::cancelled, "the user left"}});
  run();
  CHECK(dispatcher.log->take("done").size() == 1);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a peer that never answers is given up a second after the task's deadline") {
  join_b();
  forward("b", some_id, 5s);
  advance(5'900ms);
  CHECK(dispatcher.log->take("done").empty());
  advance(400ms);
  const auto done = dispatcher.log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().code == errc::deadline_exceeded);
  CHECK(b_log->take("cancel").size() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "what cannot be forwarded fails with a reason") {
  join_b();
  SECTION("to a node that is not there") {
    forward("z", some_id);
    const auto done = dispatcher.log->take("done");
    REQUIRE(done.size() == 1);
    CHECK(done.front().code == errc::unavailable);
    CHECK(done.front().text == "run far_tool on node z: there is no such node now");
    CHECK(dispatcher.log->take("peer_down").front().text == "z");
  }
  SECTION("with arguments that are too large") {
    caf::anon_send(
        cluster, forward_atom_v, std::string{"b"}, some_id, std::uint32_t{1},
        task_request{.target = "far_tool", .arguments = {std::string((1U << 20U) + 1, ' ')}});
    run();
    CHECK(dispatcher.log->take("done").front().code == errc::too_large);
    CHECK(b_log->take("run").empty());
  }
  SECTION("past the limit of runs at one peer") {
    for (std::uint64_t i = 0; i < 65; ++i)
      forward("b", make_task_id(1'700'000'000'000, i, i));
    CHECK(b_log->take("run").size() == 64);
    const auto done = dispatcher.log->take("done");
    REQUIRE(done.size() == 1);
    CHECK(done.front().code == errc::overloaded);
  }
}

TEST_CASE_METHOD(
    cluster_fixture,
    "a restarted dispatcher learns of the peers, and what the old one asked for is cancelled") {
  join_b();
  forward("b", some_id);
  urgent_exit(dispatcher_handle, caf::exit_reason::kill);
  run();
  start_dispatcher();
  advance(250ms);
  CHECK(dispatcher.log->take("peer_up").size() == 1);
  CHECK(b_log->take("cancel").size() == 1);
  advance(10s);
  CHECK(dispatcher.log->take("peer_up").empty());
}

// -- running for a peer -----------------------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "a visiting task is submitted here, and its peer hears how it goes") {
  join_b();
  caf::send_as(b, gate, run_atom_v, some_id, std::uint32_t{7},
               task_request{.target = "own_tool", .arguments = {"{}"}, .timeout = 5s});
  run();
  CHECK(dispatcher.log->take("submit").front().text == "own_tool");
  REQUIRE(dispatcher.observers.size() == 1);
  auto& observer = *dispatcher.observers.front();
  observer.on_change(record_in(task_state::queued));
  auto running = record_in(task_state::running);
  observer.on_change(running);
  run();
  CHECK(b_log->take("progress").empty());
  running.progress = task_progress{.fraction = 0.5, .message = "half"};
  observer.on_change(running);
  auto ended = record_in(task_state::succeeded);
  ended.result = raw_json{"42"};
  observer.on_change(ended);
  dispatcher.observers.clear();
  run();
  CHECK(b_log->take("progress").front().text == "half");
  const auto done = b_log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().text == "42");
  CHECK(done.front().id == some_id);
  CHECK(done.front().attempt == 7);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a visiting task that this node cannot run is answered with the reason") {
  join_b();
  task_request request{.target = "own_tool", .arguments = {"{}"}};
  auto expected_code = errc::ok;
  SECTION("a tool of another node: tasks do not travel on") {
    request.target = "far_tool";
    expected_code = errc::not_found;
  }
  SECTION("an agent") {
    request.target = "agent:documents";
    expected_code = errc::not_found;
  }
  SECTION("arguments that are too large") {
    request.arguments.text.assign((1U << 20U) + 1, ' ');
    expected_code = errc::too_large;
  }
  SECTION("while the dispatcher is down") {
    retract(system(), dispatcher_path);
    expected_code = errc::unavailable;
  }
  caf::send_as(b, gate, run_atom_v, some_id, std::uint32_t{1}, request);
  run();
  CHECK(dispatcher.log->take("submit").empty());
  const auto done = b_log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().code == expected_code);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a visiting task that the dispatcher refuses or loses still ends at its peer") {
  join_b();
  caf::send_as(b, gate, run_atom_v, some_id, std::uint32_t{1}, task_request{.target = "own_tool"});
  run();
  REQUIRE(dispatcher.observers.size() == 1);
  SECTION("refused") {
    dispatcher.observers.front()->on_refused({errc::overloaded, "the lane is full"});
    dispatcher.observers.clear();
    run();
    CHECK(b_log->take("done").front().code == errc::overloaded);
  }
  SECTION("lost with the dispatcher") {
    dispatcher.observers.clear();
    run();
    CHECK(b_log->take("done").front().code == errc::unavailable);
  }
  CHECK(b_log->take("done").empty());
}

TEST_CASE_METHOD(cluster_fixture, "a visiting task is cancelled on its peer's word") {
  join_b();
  caf::send_as(b, gate, run_atom_v, some_id, std::uint32_t{1}, task_request{.target = "own_tool"});
  run();
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  run();
  caf::send_as(b, gate, cancel_atom_v, some_id, std::uint32_t{1}, std::string{"the user left"});
  run();
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().id == other_id);
  CHECK(cancels.front().text == "the user left");
}

TEST_CASE_METHOD(cluster_fixture, "visiting tasks of a peer that dies are cancelled") {
  join_b();
  caf::send_as(b, gate, run_atom_v, some_id, std::uint32_t{1}, task_request{.target = "own_tool"});
  run();
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  run();
  urgent_exit(b, caf::exit_reason::kill);
  run();
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().text == "node b, which asked, was lost");
}

TEST_CASE_METHOD(cluster_fixture,
                 "a result that is too large for the wire becomes an error, not a dead link") {
  join_b();
  caf::send_as(b, gate, run_atom_v, some_id, std::uint32_t{1}, task_request{.target = "own_tool"});
  run();
  auto ended = record_in(task_state::succeeded);
  ended.result = raw_json{std::string((8U << 20U) + 1, '1')};
  dispatcher.observers.front()->on_change(ended);
  run();
  CHECK(b_log->take("done").front().code == errc::too_large);
}

TEST_CASE_METHOD(cluster_fixture, "a stranger that is no peer cannot run anything here") {
  join_b();
  const auto log = std::make_shared<log_of_messages>();
  const auto stranger = spawn_gate(log);
  caf::send_as(stranger, gate, run_atom_v, some_id, std::uint32_t{1},
               task_request{.target = "own_tool"});
  run();
  CHECK(dispatcher.log->take("submit").empty());
  CHECK(log->take("done").empty());
}

// -- failure ----------------------------------------------------------------

TEST_CASE_METHOD(cluster_fixture, "the cluster actor and its gate end together") {
  join_b();
  SECTION("the gate first") {
    urgent_exit(gate, caf::exit_reason::kill);
  }
  SECTION("the cluster actor first") {
    urgent_exit(cluster, caf::exit_reason::user_shutdown);
  }
  run();
  CHECK_FALSE(is_alive(gate));
  CHECK_FALSE(is_alive(cluster));
}

TEST_CASE_METHOD(cluster_fixture, "messages of a peer in any order leave no run behind") {
  const auto seed = GENERATE(range(0U, 64U));
  CAPTURE(seed);
  join_b();
  const auto c_log = std::make_shared<log_of_messages>();
  const auto c = spawn_gate(c_log);
  caf::anon_send(cluster, forward_atom_v, std::string{"b"}, some_id, std::uint32_t{1},
                 task_request{.target = "far_tool", .timeout = 5s});
  caf::anon_send(cluster, cancel_atom_v, some_id, std::string{"the user left"});
  caf::send_as(c, gate, hello_atom_v, offer_of("c", {"far_tool"}));
  caf::send_as(c, gate, run_atom_v, other_id, std::uint32_t{1}, task_request{.target = "own_tool"});
  caf::send_as(b, gate, done_atom_v, some_id, std::uint32_t{1},
               work_outcome{.result = raw_json{"1"}, .failure = {}});
  urgent_exit(b, caf::exit_reason::kill);
  urgent_exit(c, caf::exit_reason::kill);
  run_shuffled(seed);
  CHECK(ask<std::vector<node_offer>>(cluster, status_atom_v).empty());
  // Every peer that came up went down; a forward that came after its end tells so once more.
  CHECK(dispatcher.log->take("peer_down").size() >= 1 + dispatcher.log->take("peer_up").size());
  CHECK(dispatcher.log->take("done").size() <= 1);
  advance(7s);
  CHECK(dispatcher.log->take("done").empty());
}
