#include "libagent/tasks/idempotency_keys.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr unix_millis keys_t0 = 1'700'000'000'000;
constexpr unix_millis keys_hour = 3'600'000;

task_id numbered_task(std::uint64_t number) {
  return make_task_id(keys_t0, 0, number);
}

task_request asking(std::string arguments) {
  return {.target = "add", .arguments = {std::move(arguments)}};
}

}  // namespace

TEST_CASE("the fingerprint of a request ignores how its arguments are spelled", "[tasks]") {
  const auto wanted = fingerprint_of(asking(R"({"a":1,"b":["x",{"c":true,"d":null}]})"));
  CHECK(fingerprint_of(asking(R"( { "b" : ["x", {"d":null, "c":true}],
                                   "a" : 1.0 } )")) == wanted);
  CHECK(fingerprint_of(asking(R"({"a":1,"b":["\u0078",{"c":true,"d":null}]})")) == wanted);
  CHECK(fingerprint_of(asking("")) == fingerprint_of(asking("{ }")));
}

TEST_CASE("the fingerprint of a request is of what is asked for, not of who asks", "[tasks]") {
  auto other = asking("{}");
  other.client = "alice";
  other.key = "k";
  other.trace = "t";
  other.durable = true;
  CHECK(fingerprint_of(other) == fingerprint_of(asking("{}")));
}

TEST_CASE("requests that ask for different things have different fingerprints", "[tasks]") {
  std::vector<task_request> requests{
      asking("{}"),
      asking(R"({"a":1})"),
      asking(R"({"a":2})"),
      asking(R"({"a":"1"})"),
      asking(R"({"b":1})"),
      asking(R"({"a":[1,2]})"),
      asking(R"({"a":[2,1]})"),
      asking("no json"),
      asking("no  json"),
  };
  requests.push_back({.target = "add{}"});
  requests.push_back({.target = "ad"});
  for (const auto timeout : {0ms, 1ms, 2ms}) {
    requests.push_back({.target = "add", .timeout = timeout});
  }
  for (const auto which : {lane::interactive, lane::batch}) {
    requests.push_back({.target = "add", .lane_override = which});
  }
  for (const auto level : {criticality::sheddable, criticality::critical_plus}) {
    requests.push_back({.target = "add", .level = level});
  }
  std::set<std::uint64_t> fingerprints;
  for (const auto& request : requests) {
    CAPTURE(request.target, request.arguments.text);
    CHECK(fingerprints.insert(fingerprint_of(request)).second);
  }
}

TEST_CASE("fingerprints never change, because journals keep them", "[tasks]") {
  // Computed by a second implementation, of the mixing and of the canonical form, in Python.
  CHECK(fingerprint_of(asking("{}")) == 0x1B25443BB4F1B0B3ULL);
  CHECK(fingerprint_of({.target = "sum-of-many",
                        .arguments = {R"({"values":[1,2.5,1e3],"name":"ä"})"},
                        .timeout = 30s,
                        .lane_override = lane::batch,
                        .level = criticality::sheddable_plus}) == 0x6CAE3A296123AC97ULL);
}

TEST_CASE("a key means its first task for the same request only", "[tasks]") {
  idempotency_keys keys{{}, 1, 2};
  CHECK(keys.find("alice", "k", 7).verdict == key_verdict::fresh);
  keys.add("alice", "k", numbered_task(1), 7, keys_t0);
  CHECK(keys.find("alice", "k", 7).verdict == key_verdict::same);
  CHECK(keys.find("alice", "k", 7).id == numbered_task(1));
  CHECK(keys.find("alice", "k", 8).verdict == key_verdict::different);
  CHECK(keys.find("alice", "k", 8).id == numbered_task(1));
}

TEST_CASE("each client has idempotency keys of its own", "[tasks]") {
  idempotency_keys keys{{}, 1, 2};
  keys.add("alice", "k", numbered_task(1), 7, keys_t0);
  CHECK(keys.find("", "k", 7).verdict == key_verdict::fresh);
  CHECK(keys.find("", "alicek", 7).verdict == key_verdict::fresh);
  CHECK(keys.find("alicek", "k", 7).verdict == key_verdict::fresh);
  CHECK(keys.find("alic", "ek", 7).verdict == key_verdict::fresh);
  CHECK_THROWS_AS(keys.find("alice", "", 7), contract_violation);
}

TEST_CASE("a key is forgotten once it is a full age old", "[tasks]") {
  idempotency_keys keys{{.age = 24h}, 1, 2};
  keys.add("", "k", numbered_task(1), 7, keys_t0);
  keys.add("", "later", numbered_task(2), 7, keys_t0 + 1);
  keys.forget_old(keys_t0 + 24 * keys_hour - 1);
  CHECK(keys.find("", "k", 7).verdict == key_verdict::same);
  keys.forget_old(keys_t0 + 24 * keys_hour);
  CHECK(keys.find("", "k", 7).verdict == key_verdict::fresh);
  CHECK(keys.find("", "later", 7).verdict == key_verdict::same);
}

TEST_CASE("a full table takes no key until an old one may be forgotten", "[tasks]") {
  idempotency_keys keys{{.count_max = 2, .age = 24h}, 1, 2};
  keys.add("", "a", numbered_task(1), 1, keys_t0);
  CHECK(keys.find("", "b", 1).verdict == key_verdict::fresh);
  keys.add("", "b", numbered_task(2), 1, keys_t0 + 5);
  CHECK(keys.find("", "c", 1).verdict == key_verdict::full);
  CHECK(keys.find("", "a", 1).verdict == key_verdict::same);
  CHECK(keys.find("", "b", 2).verdict == key_verdict::different);
  keys.forget_old(keys_t0 + 24 * keys_hour);
  CHECK(keys.find("", "c", 1).verdict == key_verdict::fresh);
}

TEST_CASE("a key of a removed task is free unless it stands for another by then", "[tasks]") {
  idempotency_keys keys{{}, 1, 2};
  keys.add("", "k", numbered_task(1), 7, keys_t0);
  keys.add("", "k", numbered_task(2), 9, keys_t0 + 1);
  keys.remove("", "k", numbered_task(1));
  CHECK(keys.find("", "k", 9).id == numbered_task(2));
  keys.remove("", "k", numbered_task(2));
  CHECK(keys.find("", "k", 9).verdict == key_verdict::fresh);
  CHECK(keys.size() == 0);
  keys.remove("", "k", numbered_task(2));
  keys.forget_old(keys_t0 + 100 * keys_hour);
}

TEST_CASE("keys of a clock that ran ahead are kept one age from when it was set back", "[tasks]") {
  idempotency_keys keys{{.age = 24h}, 1, 2};
  keys.add("", "before", numbered_task(1), 7, keys_t0);
  keys.add("", "ahead", numbered_task(2), 7, keys_t0 + 10'000 * keys_hour);
  keys.forget_old(keys_t0 + keys_hour);
  CHECK(keys.size() == 2);
  keys.forget_old(keys_t0 + 24 * keys_hour);
  CHECK(keys.find("", "before", 7).verdict == key_verdict::fresh);
  keys.forget_old(keys_t0 + 25 * keys_hour - 1);
  CHECK(keys.find("", "ahead", 7).verdict == key_verdict::same);
  keys.forget_old(keys_t0 + 25 * keys_hour);
  CHECK(keys.find("", "ahead", 7).verdict == key_verdict::fresh);
}

TEST_CASE("idempotency keys do as a map of texts would", "[tasks]") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  idempotency_keys keys{{.count_max = 1'000'000, .age = 1000ms}, random(), random()};
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, unix_millis>> model;
  auto now = keys_t0;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    now += static_cast<unix_millis>(random() % 5);
    keys.forget_old(now);
    std::erase_if(model, [&](const auto& each) { return each.second.second <= now - 1000; });
    const std::string client(random() % 10, 'c');
    const std::string key(1 + random() % 40, 'k');
    const auto found = model.find({client, key});
    const auto finding = keys.find(client, key, 1);
    REQUIRE((finding.verdict == key_verdict::fresh) == (found == model.end()));
    if (found == model.end()) {
      keys.add(client, key, numbered_task(i), 1, now);
      model[{client, key}] = {i, now};
      continue;
    }
    REQUIRE(finding.id == numbered_task(found->second.first));
    if (random() % 4 == 0) {
      keys.remove(client, key, finding.id);
      model.erase(found);
    }
  }
  CHECK(keys.size() == model.size());
}
