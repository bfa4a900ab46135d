#include "libagent/telemetry/trace_context.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

const std::string sample_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

}  // namespace

TEST_CASE("a traceparent is read and written", "[telemetry]") {
  const auto context = parse_traceparent(sample_parent);
  REQUIRE(context);
  CHECK(trace_id_text(*context) == "0af7651916cd43dd8448eb211c80319c");
  CHECK(span_id_text(context->span_id) == "b7ad6b7169203331");
  CHECK(context->sampled);
  CHECK(make_traceparent(*context) == sample_parent);
}

TEST_CASE("what the standard says to ignore is ignored", "[telemetry]") {
  const auto text = GENERATE("", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                             "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-101",
                             "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x");
  CHECK_FALSE(parse_traceparent(text));
}

TEST_CASE("a later version is read as far as the first one goes", "[telemetry]") {
  const auto context =
      parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02-more");
  REQUIRE(context);
  CHECK_FALSE(context->sampled);
}
