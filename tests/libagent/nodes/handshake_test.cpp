#include "libagent/nodes/handshake.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

const node_facts own{.name = "a", .version = "0.1.3"};

node_facts peer_called(std::string name) {
  return {.name = std::move(name), .version = "0.1.0", .tools = {"summarize"}};
}

}  // namespace

TEST_CASE("a node with its own name and the same wire version is welcome") {
  CHECK(check_peer(own, peer_called("b"), {}, {}).has_value());
}

TEST_CASE("only the patch version of two nodes may differ") {
  auto theirs = peer_called("b");
  for (const auto* same : {"0.1.0", "0.1.99", "0.1"}) {
    theirs.version = same;
    CHECK(check_peer(own, theirs, {}, {}).has_value());
  }
  for (const auto* other : {"0.2.3", "1.1.3", "0.10.3", "0", ""}) {
    CAPTURE(other);
    theirs.version = other;
    const auto checked = check_peer(own, theirs, {}, {});
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == errc::unsupported);
  }
  CHECK(
      check_peer(own, theirs, {}, {}).error().context ==
      R"(node "b" runs version "", node "a" runs "0.1.3": MAJOR.MINOR must be the same on all nodes)");
}

TEST_CASE("a node that has our name or that of a peer is refused") {
  const std::vector<std::string> present{"b", "c"};
  CHECK(check_peer(own, peer_called("d"), present, {}).has_value());
  for (const auto* taken : {"a", "b", "c"}) {
    const auto checked = check_peer(own, peer_called(taken), present, {});
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == errc::already_exists);
    CHECK_THAT(checked.error().context, Catch::Contains(taken) && Catch::Contains("--node"));
  }
}

TEST_CASE("a node name is 1 to 64 letters, digits, dashes and underscores") {
  CHECK(check_node_name("B-2_x").has_value());
  CHECK(check_node_name(std::string(64, 'x')).has_value());
  for (const auto& bad : {std::string{}, std::string(65, 'x'), std::string{"a b"},
                          std::string{"a\n"}, std::string{"a/b"}, std::string{"\xc3\xa4"}}) {
    CAPTURE(bad);
    CHECK_FALSE(check_node_name(bad).has_value());
    CHECK(check_peer(own, peer_called(bad), {}, {}).error().code == errc::invalid_argument);
  }
}

TEST_CASE("a node that offers too much is refused at the first tool or byte too many") {
  auto theirs = peer_called("b");
  const peer_limits limits{.tools_max = 2, .offer_bytes_max = 100};
  theirs.tools = {"x", "y"};
  theirs.offer_bytes = 100;
  CHECK(check_peer(own, theirs, {}, limits).has_value());
  theirs.offer_bytes = 101;
  CHECK(check_peer(own, theirs, {}, limits).error().code == errc::too_large);
  theirs.offer_bytes = 100;
  theirs.tools.emplace_back("z");
  CHECK(check_peer(own, theirs, {}, limits).error().code == errc::too_large);
}

TEST_CASE("a node has a limited number of peers") {
  const peer_limits limits{.peers_max = 2};
  const std::vector<std::string> present{"b", "c"};
  CHECK(check_peer(own, peer_called("d"), std::span{present}.first(1), limits).has_value());
  CHECK(check_peer(own, peer_called("d"), present, limits).error().code == errc::overloaded);
}
