#include "libagent/api/otlp_spans.hpp"

#include "libagent/base/text.hpp"

#include <cmath>
#include <string_view>
#include <variant>

namespace libagent {

namespace {

void append_otlp_value(std::string& out, const span_value& value);

/// Appends what a value holds, with the member that says of which type it is.
struct otlp_member {
  std::string& out;

  void operator()(bool held) const {
    out.append(R"("boolValue":)").append(held ? "true" : "false");
  }

  void operator()(std::int64_t held) const {
    out.append(R"("intValue":")").append(std::to_string(held)).append("\"");
  }

  void operator()(double held) const {
    out.append(R"("doubleValue":)").append(std::isfinite(held) ? number_text(held) : "null");
  }

  void operator()(const std::string& held) const {
    out += R"("stringValue":)";
    append_quoted(out, held);
  }

  void operator()(const std::vector<std::string>& held) const {
    out += R"("arrayValue":{"values":[)";
    for (const auto& text : held) {
      if (out.back() != '[')
        out += ',';
      append_otlp_value(out, text);
    }
    out += "]}";
  }
};

void append_otlp_value(std::string& out, const span_value& value) {
  out += '{';
  std::visit(otlp_member{out}, value);
  out += '}';
}

void append_otlp_attributes(std::string& out,
                            const std::vector<std::pair<std::string, span_value>>& attributes) {
  out += R"("attributes":[)";
  for (const auto& [key, value] : attributes) {
    if (out.back() != '[')
      out += ',';
    out += R"({"key":)";
    append_quoted(out, key);
    out += R"(,"value":)";
    append_otlp_value(out, value);
    out += '}';
  }
  out += ']';
}

void append_otlp_span(std::string& out, const span& each) {
  out.append(R"({"traceId":")").append(trace_id_text(each.context));
  out.append(R"(","spanId":")").append(span_id_text(each.context.span_id)).append("\"");
  if (each.parent_span_id != 0)
    out.append(R"(,"parentSpanId":")").append(span_id_text(each.parent_span_id)).append("\"");
  out += R"(,"name":)";
  append_quoted(out, each.name);
  out.append(R"(,"kind":)").append(std::to_string(static_cast<unsigned>(each.kind)));
  out.append(R"(,"startTimeUnixNano":")").append(std::to_string(each.start_unix_nanos));
  out.append(R"(","endTimeUnixNano":")").append(std::to_string(each.end_unix_nanos));
  out += R"(",)";
  append_otlp_attributes(out, each.attributes);
  out.append(R"(,"status":{"code":)").append(std::to_string(static_cast<unsigned>(each.status)));
  if (!each.status_message.empty()) {
    out += R"(,"message":)";
    append_quoted(out, each.status_message);
  }
  out += '}';
  out.append(R"(,"flags":)").append(each.context.sampled ? "1" : "0").append("}");
}

}  // namespace

std::string otlp_spans(const otlp_resource& resource, const std::string& version,
                       std::span<const span> spans) {
  std::string out = R"({"resourceSpans":[{"resource":{)";
  append_otlp_attributes(out, resource);
  out += R"(},"scopeSpans":[{"scope":{"name":"libagent","version":)";
  append_quoted(out, version);
  out += R"(},"spans":[)";
  for (const auto& each : spans) {
    if (out.back() != '[')
      out += ',';
    append_otlp_span(out, each);
  }
  return out + "]}]}]}";
}

}  // namespace libagent
