#include "actors/supervisor.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "libagent/telemetry/actor_events.hpp"

#include "tests/support/actor_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <stdexcept>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;

namespace {

/// What children did, in order: `+a` spawned, `-a` ended.
using diary = std::shared_ptr<std::vector<std::string>>;

/// Ends normally on `ok_atom`, throws on `add_atom`, and says so in the diary.
caf::behavior plain_child(caf::event_based_actor* self, const std::string& name,
                          const diary& notes) {
  actors::set_quiet_handlers(self);
  notes->push_back("+" + name);
  self->attach_functor([name, notes] { notes->push_back("-" + name); });
  return {
      [self](caf::ok_atom) { self->quit(); },
      [](caf::add_atom) { throw std::runtime_error{"out of luck"}; },
  };
}

/// Ends only when it is killed.
caf::behavior deaf_child(caf::event_based_actor* self) {
  self->set_exit_handler([](caf::exit_msg&) {});
  return {[](caf::ok_atom) {}};
}

class supervisor_fixture : public actor_fixture {
public:
  actors::child_spec plain(const std::string& name, child_rules rules = {}) {
    return {.name = name,
            .start =
                [name, notes = notes_](actors::start_context& context) {
                  return context.system().spawn(plain_child, name, notes);
                },
            .rules = rules};
  }

  actors::supervisor_actor start(supervision_rules rules,
                                 std::vector<actors::child_spec> children) {
    auto root = adopt(
        actors::spawn_root_supervisor(system(), {.rules = rules, .children = std::move(children)},
                                      {.where = actors::placement::pooled}));
    run();
    return root;
  }

  actors::supervisor_actor start(strategy which, std::vector<actors::child_spec> children) {
    return start({.restarts = which, .intensity = {.max_restarts = 100, .period = 10s}},
                 std::move(children));
  }

  [[nodiscard]] caf::actor child(const std::string& path) {
    return actors::find<caf::actor>(system(), path);
  }

  void crash(const std::string& path) { caf::anon_send(child(path), caf::add_atom_v); }

  supervision_node tree() {
    return ask<supervision_node>(actors::find<actors::supervisor_actor>(system(), "root"),
                                 actors::describe_atom_v);
  }

  /// What was written since the last call.
  std::string notes() {
    std::string text;
    for (const auto& note : std::exchange(*notes_, {}))
      text += text.empty() ? note : " " + note;
    return text;
  }

  [[nodiscard]] error end_of(const actors::supervisor_actor& who) {
    const auto reason = exit_reason_of(caf::actor_cast<caf::strong_actor_ptr>(who));
    REQUIRE(reason.has_value());
    return actors::from_caf_error(*reason);
  }

private:
  diary notes_ = std::make_shared<std::vector<std::string>>();
};

}  // namespace

TEST_CASE_METHOD(supervisor_fixture, "a supervisor publishes its children under their paths") {
  auto nested = actors::nested_supervisor("tasks", {.children = {plain("dispatcher")}});
  start(strategy::one_for_one, {plain("cache"), nested});
  CHECK(notes() == "+cache +dispatcher");
  CHECK(is_alive(child("cache")));
  CHECK(is_alive(child("tasks/dispatcher")));
  CHECK(child("tasks"));
  CHECK(child("root"));
  CHECK_FALSE(child("dispatcher"));
}

TEST_CASE_METHOD(supervisor_fixture, "a child that throws comes back under the same path") {
  start(strategy::one_for_one, {plain("a"), plain("b")});
  const auto before_a = child("a");
  const auto before_b = child("b");
  crash("a");
  run();
  CHECK(child("a") != before_a);
  CHECK(is_alive(child("a")));
  CHECK(child("b") == before_b);

  const auto failures = events().events(events::child_failed);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].fields.at("child") == "a");
  CHECK(failures[0].fields.at("reason") == "internal: actor threw: out of luck");
}

TEST_CASE_METHOD(supervisor_fixture, "a child that is killed from outside comes back") {
  start(strategy::one_for_one, {plain("a")});
  const auto before = child("a");
  actors::urgent_exit(before, caf::exit_reason::kill);
  run();
  CHECK_FALSE(is_alive(before));
  CHECK(is_alive(child("a")));
  CHECK(tree().children[0].last_failure == "kill");
}

TEST_CASE_METHOD(supervisor_fixture, "a transient child that is done leaves its path") {
  start(strategy::one_for_one, {plain("a", {.restart = restart_type::transient})});
  caf::anon_send(child("a"), caf::ok_atom_v);
  run();
  CHECK_FALSE(child("a"));
  CHECK(tree().children[0].state == "stopped");
  CHECK(tree().children[0].actor_id == 0);
}

TEST_CASE_METHOD(supervisor_fixture, "rest_for_one stops in reverse and restarts in order") {
  start(strategy::rest_for_one, {plain("a"), plain("b"), plain("c")});
  CHECK(notes() == "+a +b +c");
  crash("b");
  run();
  CHECK(notes() == "-b -c +b +c");
}

TEST_CASE_METHOD(supervisor_fixture, "a shutdown goes through the tree in reverse") {
  auto nested = actors::nested_supervisor("n", {.children = {plain("b"), plain("c")}});
  const auto root = start(strategy::one_for_one, {plain("a"), nested, plain("d")});
  notes();
  ask<void>(root, actors::shutdown_atom_v);
  CHECK(notes() == "-d -c -b -a");
  CHECK_FALSE(is_alive(root));
  CHECK_FALSE(child("root"));
  CHECK_FALSE(child("n/b"));
  CHECK(events().events(events::child_ended).empty());
}

TEST_CASE_METHOD(supervisor_fixture, "an exit message shuts a supervisor down in order too") {
  const auto root = start(strategy::one_for_one, {plain("a"), plain("b")});
  notes();
  actors::urgent_exit(root, caf::exit_reason::user_shutdown);
  run();
  CHECK(notes() == "-b -a");
  CHECK_FALSE(is_alive(root));
}

TEST_CASE_METHOD(supervisor_fixture, "a child that does not listen is killed after its time") {
  const auto deaf = actors::child_spec{
      .name = "deaf",
      .start = [](actors::start_context& context) { return context.system().spawn(deaf_child); },
      .rules = {.shutdown = shutdown_rule::within(3s)}};
  const auto root = start(strategy::one_for_one, {plain("a"), deaf});
  const auto answer = begin_ask<void>(root, actors::shutdown_atom_v);
  advance(3s - 1ns);
  CHECK_FALSE(answer.arrived());
  CHECK(tree().children[1].state == "stopping");
  CHECK(tree().state == "stopping");
  advance(1ns);
  CHECK(answer.get().has_value());
}

TEST_CASE_METHOD(supervisor_fixture, "a child that a kill cannot reach is abandoned") {
  // Nobody reads this mailbox, so not even a kill is noticed: as in a handler that hangs.
  auto stuck = std::make_unique<caf::scoped_actor>(system());
  bool first = true;
  const auto hanging = actors::child_spec{.name = "hanging",
                                          .start =
                                              [&](actors::start_context& context) {
                                                if (!std::exchange(first, false))
                                                  return context.system().spawn(deaf_child);
                                                return caf::actor_cast<caf::actor>(stuck->ptr());
                                              },
                                          .rules = {.shutdown = shutdown_rule::within(2s)}};
  start(strategy::one_for_all, {plain("a"), hanging});
  crash("a");
  advance(2s + 1s - 1ns);
  CHECK(events().events(events::child_abandoned).empty());
  advance(1ns);

  REQUIRE(events().events(events::child_abandoned).size() == 1);
  CHECK(is_alive(child("hanging")));  // a new one, while the old one still holds its thread
  auto nodes = tree().children;
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[1].state == "running");
  CHECK(nodes[2].state == "abandoned");

  stuck.reset();
  run();
  CHECK(tree().children.size() == 2);
}

TEST_CASE_METHOD(supervisor_fixture, "a factory that throws is tried again with backoff") {
  auto failures_left = std::make_shared<int>(0);
  auto flaky = plain("a");
  flaky.start = [inner = flaky.start, failures_left](actors::start_context& context) {
    if (std::exchange(*failures_left, std::max(0, *failures_left - 1)) > 0)
      throw std::runtime_error{"no disk"};
    return inner(context);
  };
  start({.intensity = {.max_restarts = 10, .period = 10s},
         .backoff = {.initial = 1s, .maximum = 8s, .jitter = backoff_jitter::none}},
        {flaky});
  *failures_left = 2;
  crash("a");
  run();  // the restart at once fails; the next is due after a second, and fails
  CHECK(tree().children[0].state == "restarting");
  CHECK(tree().children[0].last_failure == "start failed: no disk");
  advance(1s);
  CHECK_FALSE(child("a"));
  advance(2s - 1ns);
  CHECK_FALSE(child("a"));
  advance(1ns);
  CHECK(is_alive(child("a")));
  CHECK(tree().children[0].restarts == 3);
  CHECK(events().events(events::child_start_failed).size() == 2);
}

TEST_CASE_METHOD(supervisor_fixture, "a supervisor whose child cannot start ends and says why") {
  auto broken = plain("b");
  broken.start = [](actors::start_context&) { return caf::actor{}; };
  const auto root = start(strategy::one_for_one, {plain("a"), broken});
  CHECK(end_of(root) ==
        error{errc::unavailable, "supervise root: b: start failed: the factory returned no actor"});
  CHECK(notes() == "+a -a");
}

TEST_CASE_METHOD(supervisor_fixture, "failures escalate from level to level") {
  const supervision_rules once{.intensity = {.max_restarts = 1, .period = 10s}};
  auto nested = actors::nested_supervisor("n", {.rules = once, .children = {plain("x")}});
  const auto root = start(once, {plain("a"), nested});
  const auto crash_x = [&] {
    crash("n/x");
    run();
  };
  crash_x();  // x is restarted by n
  CHECK(is_alive(root));
  const auto first_nested = child("n");
  crash_x();  // n gives up and is restarted by the root, with a new x
  CHECK_FALSE(is_alive(first_nested));
  REQUIRE(is_alive(child("n/x")));
  CHECK(tree().children[1].restarts == 1);
  crash_x();
  CHECK(is_alive(root));
  notes();
  crash_x();  // n gives up again, which is one too many for the root
  CHECK(end_of(root).code == errc::unavailable);
  CHECK(end_of(root).context.starts_with("supervise root: more than 1 restarts within 10"));
  CHECK(end_of(root).context.find("out of luck") != std::string::npos);
  CHECK(notes() == "-x -a");
}

TEST_CASE_METHOD(supervisor_fixture, "children that crash at once leave the group in order") {
  const auto seed = GENERATE(range(0U, 64U));
  const auto which = GENERATE(strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one);
  CAPTURE(seed, static_cast<int>(which));
  start(which, {plain("a"), plain("b"), plain("c")});
  crash("a");
  crash("c");
  run_shuffled(seed);
  advance(1min);
  const auto nodes = tree().children;
  for (const auto& node : nodes)
    CHECK(node.state == "running");
  if (which == strategy::one_for_one)
    return;
  // Every sibling that depends on an earlier one was started after it.
  CHECK(nodes[0].actor_id < nodes[1].actor_id);
  CHECK(nodes[1].actor_id < nodes[2].actor_id);
}

TEST_CASE_METHOD(supervisor_fixture, "a supervisor that is killed takes its children along") {
  auto nested = actors::nested_supervisor("n", {.children = {plain("x"), plain("y")}});
  start(strategy::one_for_one, {plain("a"), nested});
  const auto old_x = child("n/x");
  notes();
  actors::urgent_exit(child("n"), caf::exit_reason::kill);
  run();
  CHECK_FALSE(is_alive(old_x));
  CHECK(is_alive(child("n/x")));
  CHECK(child("n/x") != old_x);
}

TEST_CASE_METHOD(supervisor_fixture, "the tree names a nested supervisor that does not answer") {
  const caf::scoped_actor stuck{system()};
  auto silent = actors::nested_supervisor("silent", {}, restart_type::temporary);
  silent.start = [&](actors::start_context&) { return caf::actor_cast<caf::actor>(stuck.ptr()); };
  auto nested = actors::nested_supervisor("n", {.children = {plain("x"), silent}});
  const auto root = start(strategy::one_for_one, {plain("a"), nested});
  const auto answer = begin_ask<supervision_node>(root, actors::describe_atom_v);
  advance(499ms);
  REQUIRE(answer.arrived());
  const auto node = answer.get().value();
  CHECK(node.name == "root");
  CHECK(node.strategy == "one_for_one");
  REQUIRE(node.children.size() == 2);
  CHECK(node.children[1].kind == "supervisor");
  CHECK(node.children[1].state == "running");
  REQUIRE(node.children[1].children.size() == 2);
  CHECK(node.children[1].children[0].state == "running");
  CHECK(node.children[1].children[1].state == "unresponsive");
}

TEST_CASE_METHOD(supervisor_fixture, "children can be added to and taken from a running tree") {
  const auto root = start(strategy::one_for_one, {plain("a")});
  const auto added = ask<caf::actor>(root, actors::start_child_atom_v,
                                     plain("s1", {.restart = restart_type::temporary}));
  CHECK(added == child("s1"));
  ask<void>(root, actors::stop_child_atom_v, std::string{"s1"});
  CHECK_FALSE(is_alive(added));
  CHECK(tree().children.size() == 1);

  ask<caf::actor>(root, actors::start_child_atom_v, plain("s2"));
  crash("s2");
  run();
  CHECK(is_alive(child("s2")));
}

TEST_CASE_METHOD(supervisor_fixture, "a child that cannot be added is refused with the reason") {
  const auto root = start(strategy::one_for_one, {plain("a")});
  const auto refusal = [&](actors::child_spec spec) {
    return ask_expected<caf::actor>(root, actors::start_child_atom_v, std::move(spec)).error();
  };
  CHECK(refusal(plain("a")) ==
        error{errc::already_exists, "start child 'a': there is a child of that name"});
  CHECK(refusal(plain("a/b")).code == errc::invalid_argument);
  CHECK(refusal(plain("")).code == errc::invalid_argument);
  auto broken = plain("b");
  broken.start = [](actors::start_context&) -> caf::actor { throw std::runtime_error{"no"}; };
  CHECK(refusal(broken) == error{errc::internal, "start child 'b': b: start failed: no"});
  CHECK(ask_expected<void>(root, actors::stop_child_atom_v, std::string{"b"}).error() ==
        error{errc::not_found, "stop child 'b': no such child"});
}

TEST_CASE_METHOD(supervisor_fixture, "a tree that makes no sense is refused before it starts") {
  CHECK_THROWS_AS(start(strategy::one_for_one, {plain("a"), plain("a")}), contract_violation);
  CHECK_THROWS_AS(actors::nested_supervisor("n", {.children = {plain("a b")}}), contract_violation);
}
