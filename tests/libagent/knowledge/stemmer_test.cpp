#include "libagent/knowledge/stemmer.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

std::string stemmed(std::string word) {
  word.resize(stem_english(word));
  return word;
}

}  // namespace

TEST_CASE("forms of one English word share a stem", "[knowledge]") {
  for (const auto* word : {"monitor", "monitors", "monitored", "monitoring"})
    CHECK(stemmed(word) == "monitor");
  for (const auto* word : {"evict", "evicts", "evicted", "eviction"})
    CHECK(stemmed(word) == "evict");
  CHECK(stemmed("memories") == stemmed("memory"));
  CHECK(stemmed("indexing") == stemmed("indexes"));
}

TEST_CASE("stems are those of Porter's paper", "[knowledge]") {
  const std::pair<const char*, const char*> pairs[] = {{"caresses", "caress"},
                                                       {"ponies", "poni"},
                                                       {"cats", "cat"},
                                                       {"feed", "feed"},
                                                       {"agreed", "agre"},
                                                       {"plastered", "plaster"},
                                                       {"bled", "bled"},
                                                       {"motoring", "motor"},
                                                       {"sing", "sing"},
                                                       {"conflated", "conflat"},
                                                       {"troubled", "troubl"},
                                                       {"sized", "size"},
                                                       {"hopping", "hop"},
                                                       {"tanned", "tan"},
                                                       {"falling", "fall"},
                                                       {"hissing", "hiss"},
                                                       {"fizzed", "fizz"},
                                                       {"failing", "fail"},
                                                       {"filing", "file"},
                                                       {"happy", "happi"},
                                                       {"sky", "sky"},
                                                       {"relational", "relat"},
                                                       {"conditional", "condit"},
                                                       {"digitizer", "digit"},
                                                       {"vietnamization", "vietnam"},
                                                       {"predication", "predic"},
                                                       {"hopefulness", "hope"},
                                                       {"formaliti", "formal"},
                                                       {"sensibiliti", "sensibl"},
                                                       {"triplicate", "triplic"},
                                                       {"formative", "form"},
                                                       {"electrical", "electr"},
                                                       {"goodness", "good"},
                                                       {"revival", "reviv"},
                                                       {"allowance", "allow"},
                                                       {"airliner", "airlin"},
                                                       {"adjustable", "adjust"},
                                                       {"replacement", "replac"},
                                                       {"adoption", "adopt"},
                                                       {"communism", "commun"},
                                                       {"bowdlerize", "bowdler"},
                                                       {"probate", "probat"},
                                                       {"rate", "rate"},
                                                       {"cease", "ceas"},
                                                       {"controll", "control"},
                                                       {"roll", "roll"}};
  for (const auto& [word, stem] : pairs) {
    CAPTURE(word);
    CHECK(stemmed(word) == stem);
  }
}

TEST_CASE("words of two letters stay as they are", "[knowledge]") {
  CHECK(stemmed("is") == "is");
  CHECK(stemmed("s") == "s");
  CHECK(stemmed("").empty());
}

TEST_CASE("irregular verbs are led back to their base form", "[knowledge]") {
  CHECK(regular_form("kept") == "keep");
  CHECK(regular_form("written") == "write");
  CHECK(regular_form("monitor") == "monitor");
  CHECK(regular_form("").empty());
}
