#include "libagent/supervision/supervision_core.hpp"

#include "libagent/base/contract.hpp"

#include "tests/libagent/supervision/rehearsal.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::rehearsal;

// The cases of OTP's supervisor(3); docs/reference/supervision.md lists them by these names.

namespace {

/// Ample restarts, so that intensity does not interfere; no chance in the delays.
supervision_rules patient(strategy restarts, std::size_t max_restarts = 100) {
  return {.restarts = restarts,
          .intensity = {.max_restarts = max_restarts, .period = 10s},
          .backoff = {.initial = 1s, .maximum = 4s, .jitter = backoff_jitter::none}};
}

constexpr child_rules permanent_child{};
constexpr child_rules transient_child{.restart = restart_type::transient};
constexpr child_rules temporary_child{.restart = restart_type::temporary};

rehearsal running(supervision_rules rules, std::vector<child_rules> children = {{}, {}, {}}) {
  rehearsal play{rules, std::move(children)};
  play.begin().script();
  return play;
}

}  // namespace

TEST_CASE("children start in order and stop in reverse", "[supervision]") {
  const auto which = GENERATE(strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one);
  rehearsal play{patient(which)};
  CHECK(play.begin().script() == "+a +b +c");
  CHECK(play.shut_down().script() == "-c -b -a .shutdown");
  CHECK(play.shut_down().script().empty());
}

TEST_CASE("a supervisor without children starts and stops", "[supervision]") {
  rehearsal play{patient(strategy::one_for_all), {}};
  CHECK(play.begin().script().empty());
  CHECK(play.shut_down().script() == ".shutdown");
}

TEST_CASE("one_for_one restarts the failed child only", "[supervision]") {
  auto play = running(patient(strategy::one_for_one));
  CHECK(play.crash('b').script() == "+b");
}

TEST_CASE("one_for_all stops the others in reverse and restarts all in order", "[supervision]") {
  auto play = running(patient(strategy::one_for_all));
  CHECK(play.crash('b').script() == "-c -a +a +b +c");
}

TEST_CASE("rest_for_one restarts the failed child and those started after it", "[supervision]") {
  auto play = running(patient(strategy::rest_for_one), {{}, {}, {}, {}});
  CHECK(play.crash('b').script() == "-d -c +b +c +d");
  CHECK(play.crash('d').script() == "+d");
  CHECK(play.crash('a').script() == "-d -c -b +a +b +c +d");
}

TEST_CASE("a restart type decides by how the child ended", "[supervision]") {
  struct row {
    restart_type restart;
    exit_kind how;
    bool restarted;
  };

  const auto [restart, how, restarted] =
      GENERATE(row{restart_type::permanent, exit_kind::normal, true},
               row{restart_type::permanent, exit_kind::shutdown, true},
               row{restart_type::permanent, exit_kind::failure, true},
               row{restart_type::transient, exit_kind::normal, false},
               row{restart_type::transient, exit_kind::shutdown, false},
               row{restart_type::transient, exit_kind::failure, true},
               row{restart_type::temporary, exit_kind::normal, false},
               row{restart_type::temporary, exit_kind::shutdown, false},
               row{restart_type::temporary, exit_kind::failure, false});
  CAPTURE(static_cast<int>(restart), static_cast<int>(how));
  auto play = running(patient(strategy::one_for_one), {{.restart = restart}});
  const auto script = play.end('a', how).script();
  CHECK(script.ends_with("+a") == restarted);
  // Only a temporary child is forgotten; a transient one stays known, but stopped.
  CHECK((script == "~a") == (restart == restart_type::temporary));
}

TEST_CASE("the end of a child that is not restarted touches no sibling", "[supervision]") {
  auto play =
      running(patient(strategy::one_for_all), {permanent_child, transient_child, temporary_child});
  CHECK(play.end('b', exit_kind::normal).script().empty());
  CHECK(play.crash('c').script() == "~c");
}

TEST_CASE("a temporary child stopped for its siblings' sake is not restarted", "[supervision]") {
  const auto which = GENERATE(strategy::one_for_all, strategy::rest_for_one);
  auto play = running(patient(which), {permanent_child, temporary_child, permanent_child});
  CHECK(play.crash('a').script() == "-c -b ~b +a +c");
}

TEST_CASE("a group restart brings back a transient child that had ended", "[supervision]") {
  auto play = running(patient(strategy::one_for_all), {permanent_child, transient_child});
  CHECK(play.end('b', exit_kind::normal).script().empty());
  CHECK(play.crash('a').script() == "+a +b");
}

TEST_CASE("a supervisor gives up with the first failure above the intensity", "[supervision]") {
  auto play = running(patient(strategy::one_for_one, 2));
  CHECK(play.crash('b').script() == "+b");
  CHECK(play.crash('a').script() == "+a");
  CHECK(play.crash('b').script() == "-c -a .gave_up");
}

TEST_CASE("a failure counts until it is a full period old", "[supervision]") {
  const auto wait = GENERATE(10s - 1ns, duration{10s});
  auto play = running(patient(strategy::one_for_one, 1));
  play.crash('b').advance(wait).script();
  CHECK(play.crash('c').script() == (wait < 10s ? "-b -a .gave_up" : "+c"));
}

TEST_CASE("with an intensity of zero the first failure is the last", "[supervision]") {
  auto play = running(patient(strategy::one_for_one, 0));
  CHECK(play.crash('a').script() == "-c -b .gave_up");
}

TEST_CASE("a group restart counts once, however many children it restarts", "[supervision]") {
  auto play = running(patient(strategy::one_for_all, 1));
  CHECK(play.crash('c').script() == "-b -a +a +b +c");
  CHECK(play.crash('c').script() == "-b -a .gave_up");
}

TEST_CASE("ends that need no restart do not count", "[supervision]") {
  auto play = running(patient(strategy::one_for_one, 0), {transient_child, temporary_child, {}});
  play.end('a', exit_kind::shutdown).crash('b');
  CHECK(play.script() == "~b");
}

TEST_CASE("a child that cannot be started first ends the supervisor", "[supervision]") {
  rehearsal play{patient(strategy::one_for_one)};
  play.unstartable = {'c'};
  CHECK(play.begin().script() == "+a +b !c -b -a .start_failed");
}

TEST_CASE("a restart that fails is tried again with backoff", "[supervision]") {
  auto play = running(patient(strategy::one_for_one));
  play.unstartable = {'b'};
  CHECK(play.crash('b').script() == "!b");
  CHECK(play.advance(1s - 1ns).script().empty());
  CHECK(play.advance(1ns).script() == "!b");
  CHECK(play.advance(2s).script() == "!b");
  play.unstartable = {};
  CHECK(play.advance(4s).script() == "+b");
}

TEST_CASE("every failed restart counts towards the intensity", "[supervision]") {
  auto play = running(patient(strategy::one_for_one, 3));
  play.unstartable = {'b'};
  CHECK(play.crash('b').advance(1min).script() == "!b !b !b -c -a .gave_up");
}

TEST_CASE("a failed start within a group restarts the group from there", "[supervision]") {
  auto one_for_all = running(patient(strategy::one_for_all));
  one_for_all.unstartable = {'b'};
  // The first failure of b is tried again at once, the second after a second.
  CHECK(one_for_all.crash('a').script() == "-c -b +a !b -a +a !b -a");
  one_for_all.unstartable = {};
  CHECK(one_for_all.advance(1s).script() == "+a +b +c");

  auto rest_for_one = running(patient(strategy::rest_for_one));
  rest_for_one.unstartable = {'b'};
  CHECK(rest_for_one.crash('a').script() == "-c -b +a !b !b");
  rest_for_one.unstartable = {};
  CHECK(rest_for_one.advance(1s).script() == "+b +c");
}

TEST_CASE("a child that keeps failing waits longer each time", "[supervision]") {
  auto play = running(patient(strategy::one_for_one));
  CHECK(play.crash('b').script() == "+b");
  for (const auto delay : {1s, 2s, 4s, 4s}) {
    CHECK(play.crash('b').script().empty());
    CHECK(play.advance(delay - 1ns).script().empty());
    CHECK(play.advance(1ns).script() == "+b");
  }
  CHECK(play.crash('a').script() == "+a");  // another child has its own delays
}

TEST_CASE("a child that was well for long enough restarts at once again", "[supervision]") {
  auto play = running(patient(strategy::one_for_one));
  play.crash('b').crash('b').advance(1s).script();
  CHECK(play.advance(30s).crash('b').script() == "+b");
}

TEST_CASE("a child is asked, then killed, then abandoned", "[supervision]") {
  auto play = running(patient(strategy::one_for_one),
                      {permanent_child, {.shutdown = shutdown_rule::within(3s)}});
  play.deaf = {'b'};
  play.undead = {'b'};
  CHECK(play.shut_down().script() == "-b");
  CHECK(play.advance(3s - 1ns).script().empty());
  CHECK(play.advance(1ns).script() == "xb");
  CHECK(play.advance(1s - 1ns).script().empty());
  CHECK(play.advance(1ns).script() == "?b -a .shutdown");
}

TEST_CASE("a child that takes too long but dies when killed is not abandoned", "[supervision]") {
  auto play = running(patient(strategy::one_for_one),
                      {permanent_child, {.shutdown = shutdown_rule::within(3s)}});
  play.deaf = {'b'};
  CHECK(play.shut_down().advance(3s).script() == "-b xb -a .shutdown");
}

TEST_CASE("brutal_kill does not ask", "[supervision]") {
  auto play = running(patient(strategy::one_for_all),
                      {permanent_child, {.shutdown = shutdown_rule::brutal_kill()}});
  CHECK(play.crash('a').script() == "xb +a +b");
  CHECK(play.shut_down().script() == "xb -a .shutdown");
}

TEST_CASE("an infinite shutdown waits as long as it takes", "[supervision]") {
  auto play = running(patient(strategy::one_for_one),
                      {permanent_child, {.shutdown = shutdown_rule::infinite()}});
  play.deaf = {'b'};
  CHECK(play.shut_down().advance(1000h).script() == "-b");
  CHECK(play.end('b', exit_kind::shutdown).script() == "-a .shutdown");
}

TEST_CASE("a group restart waits for the slowest, abandons it, and goes on", "[supervision]") {
  auto play = running(patient(strategy::rest_for_one),
                      {permanent_child, {.shutdown = shutdown_rule::within(3s)}, permanent_child});
  play.deaf = {'b'};
  play.undead = {'b'};
  CHECK(play.crash('a').script() == "-c -b");
  CHECK(play.advance(4s).script() == "xb ?b +a +b +c");
}

TEST_CASE("a child that fails before it is stopped is restarted once", "[supervision]") {
  auto play = running(patient(strategy::one_for_all, 1));
  play.deaf = {'c'};
  CHECK(play.crash('a').script() == "-c");
  CHECK(play.crash('b').script().empty());
  CHECK(play.end('c', exit_kind::shutdown).script() == "+a +b +c");
}

TEST_CASE("an earlier child that fails while a group stops widens the group", "[supervision]") {
  auto play = running(patient(strategy::rest_for_one), {{}, {}, {}, {}});
  play.deaf = {'d'};
  CHECK(play.crash('c').script() == "-d");
  CHECK(play.crash('a').script().empty());
  CHECK(play.end('d', exit_kind::shutdown).script() == "-b +a +b +c +d");
}

TEST_CASE("a shutdown cancels restarts that wait", "[supervision]") {
  auto play = running(patient(strategy::one_for_one));
  CHECK(play.crash('b').crash('b').script() == "+b");
  CHECK(play.shut_down().script() == "-c -a .shutdown");
  CHECK(play.advance(1h).script().empty());
  CHECK_FALSE(play.core().next_tick());
}

TEST_CASE("a shutdown in the middle of a group restart stops what is left", "[supervision]") {
  auto play = running(patient(strategy::one_for_all));
  play.deaf = {'c'};
  CHECK(play.crash('a').script() == "-c");
  CHECK(play.shut_down().script().empty());
  CHECK(play.end('c', exit_kind::shutdown).script() == "-b .shutdown");
}

TEST_CASE("any_significant ends the supervisor with the first of them", "[supervision]") {
  auto rules = patient(strategy::one_for_one);
  rules.ends_with = auto_shutdown::any_significant;
  const child_rules significant{.restart = restart_type::transient, .significant = true};
  auto play = running(rules, {permanent_child, significant, significant});
  CHECK(play.crash('b').script() == "+b");  // restarted, so it has not ended
  CHECK(play.end('b', exit_kind::normal).script() == "-c -a .auto_shutdown");
}

TEST_CASE("all_significant ends the supervisor with the last of them", "[supervision]") {
  auto rules = patient(strategy::one_for_one);
  rules.ends_with = auto_shutdown::all_significant;
  const child_rules significant{.restart = restart_type::temporary, .significant = true};
  auto play = running(rules, {permanent_child, significant, significant});
  CHECK(play.end('b', exit_kind::normal).script() == "~b");
  CHECK(play.crash('c').script() == "~c -a .auto_shutdown");
}

TEST_CASE("a significant child that is stopped with its group ends nothing", "[supervision]") {
  auto rules = patient(strategy::one_for_all);
  rules.ends_with = auto_shutdown::any_significant;
  auto play =
      running(rules, {permanent_child, {.restart = restart_type::transient, .significant = true}});
  CHECK(play.crash('a').script() == "-b +a +b");
}

TEST_CASE("significance that could never matter is refused", "[supervision]") {
  auto rules = patient(strategy::one_for_one);
  const std::vector<child_rules> transient{
      {.restart = restart_type::transient, .significant = true}};
  CHECK_THROWS_AS(supervision_core(rules, transient, 1), contract_violation);
  rules.ends_with = auto_shutdown::any_significant;
  CHECK_NOTHROW(supervision_core(rules, transient, 1));
  CHECK_THROWS_AS(supervision_core(rules, {{.significant = true}}, 1), contract_violation);
}

TEST_CASE("children can be added and removed at any time", "[supervision]") {
  auto play = running(patient(strategy::one_for_one));
  CHECK(play.add(temporary_child).script() == "+d");
  CHECK(play.remove('b').script() == "-b ~b");
  CHECK(play.remove('b').script().empty());
  CHECK(play.add(permanent_child).script() == "+e");
  CHECK(play.crash('e').script() == "+e");
  CHECK(play.shut_down().script() == "-e -d -c -a .shutdown");
}

TEST_CASE("an added child that cannot be started is forgotten", "[supervision]") {
  auto play = running(patient(strategy::one_for_one, 0));
  play.unstartable = {'d'};
  CHECK(play.add(permanent_child).script() == "!d ~d");
}

TEST_CASE("a removed child does not come back with its group", "[supervision]") {
  auto play = running(patient(strategy::one_for_all));
  play.deaf = {'b'};
  CHECK(play.remove('b').script() == "-b");
  CHECK(play.crash('a').script() == "-c");
  CHECK(play.end('b', exit_kind::shutdown).script() == "~b +a +c");
}

TEST_CASE("restarts are counted by whose failure it was", "[supervision]") {
  auto play = running(patient(strategy::one_for_all));
  play.crash('b').crash('b').advance(1min);
  CHECK(play.core().restarts_of(rehearsal::number('b')) == 2);
  CHECK(play.core().restarts_of(rehearsal::number('a')) == 0);
}
