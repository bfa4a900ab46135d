#include "tests/actors/cluster_fixture.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using namespace std::chrono_literals;

// -- joining --------------------------------------------------------------

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

TEST_CASE_METHOD(cluster_fixture, "a node with the name of this one is told so and not offered") {
  join_b();
  const auto log = std::make_shared<log_of_messages>();
  const auto impostor = spawn_gate(log);
  caf::send_as(impostor, gate, hello_atom_v, offer_of("a", {"far_tool"}, 2));
  run();
  const auto refusals = log->take("refuse");
  REQUIRE(refusals.size() == 1);
  CHECK(refusals.front().code == errc::already_exists);
  CHECK(dispatcher.log->take("peer_up").empty());
  CHECK(events().events(events::node_refused).size() == 1);
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

// -- listening ------------------------------------------------------------

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

// -- failure --------------------------------------------------------------

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
  forward("b", other_id);
  caf::send_as(b, gate, done_atom_v, token_at_b(other_id), work_outcome{.result = raw_json{"1"}});
  run();
  REQUIRE(dispatcher.log->take("done").size() == 1);
  auto next = token_at_b(other_id);
  next.id = some_id;
  const auto c_log = std::make_shared<log_of_messages>();
  const auto c = spawn_gate(c_log);
  caf::anon_send(cluster, forward_atom_v, std::string{"b"}, some_id, std::uint32_t{1},
                 task_request{.target = "far_tool", .timeout = 5s});
  caf::anon_send(cluster, cancel_atom_v, some_id, std::string{"the user left"});
  caf::send_as(c, gate, hello_atom_v, offer_of("c", {"far_tool"}));
  caf::send_as(c, gate, run_atom_v, run_token{.id = other_id, .attempt = 1, .lease = b_lease},
               task_request{.target = "own_tool"});
  caf::send_as(b, gate, done_atom_v, next, work_outcome{.result = raw_json{"1"}, .failure = {}});
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
