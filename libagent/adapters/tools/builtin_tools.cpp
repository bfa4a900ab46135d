#include "libagent/adapters/tools/builtin_tools.hpp"

#include "libagent/adapters/document_library.hpp"
#include "libagent/adapters/tools/document_tools.hpp"
#include "libagent/tools/builtin/calculate.hpp"
#include "libagent/tools/builtin/current_time.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace libagent {

namespace {

using namespace std::chrono_literals;

unix_millis read_system_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

tool_spec document_tool_spec(std::string name, std::string description, lane tool_lane,
                             std::chrono::milliseconds timeout) {
  return {.name = std::move(name),
          .description = std::move(description),
          .tool_lane = tool_lane,
          .tool_isolation = isolation::thread,
          .tool_effects = effects::idempotent,
          .timeout = timeout};
}

using library_ptr = std::shared_ptr<document_library>;

expected<void> add_question_tools(tool_registry& registry, const library_ptr& library) {
  if (auto added = registry.add(
          document_tool_spec("search_documents", "Finds passages of the documents by their words.",
                             lane::interactive, 30s),
          [library](const search_documents_input& in) { return search_documents(*library, in); });
      !added)
    return added;
  return registry.add(
      document_tool_spec("answer_from_documents",
                         "Answers a question with sentences of the documents, cited by file and "
                         "line. It quotes and never invents.",
                         lane::interactive, 30s),
      [library](const answer_from_documents_input& in) {
        return answer_from_documents(*library, in);
      });
}

expected<void> add_long_tools(tool_registry& registry, const library_ptr& library,
                              std::uint64_t file_bytes_max) {
  if (auto added = registry.add(
          document_tool_spec("index_folder",
                             "Reads new and changed documents of a folder, so that "
                             "questions about them can be answered.",
                             lane::batch, 1h),
          [library, file_bytes_max](const index_folder_input& in, const tool_context& context) {
            return index_documents(*library, file_bytes_max, in, context);
          });
      !added)
    return added;
  return registry.add(
      document_tool_spec("summarize",
                         "Picks the sentences that stand best for a text or a document.",
                         lane::batch, 5min),
      [library, file_bytes_max](const summarize_input& in, const tool_context& context) {
        return summarize_document(*library, file_bytes_max, in, context);
      });
}

}  // namespace

expected<void> add_builtin_tools(tool_registry& registry, const builtin_tool_options& options) {
  const auto library = std::make_shared<document_library>(options.folder, options.data_dir);
  if (auto added = add_question_tools(registry, library); !added)
    return added;
  if (auto added = add_long_tools(registry, library, options.file_bytes_max); !added)
    return added;
  if (auto added = registry.add(calculate_spec(), calculate); !added)
    return added;
  const auto now = options.wall_clock ? options.wall_clock : read_system_clock;
  return registry.add(current_time_spec(),
                      [now](const current_time_input& in) { return current_time(in, now()); });
}

}  // namespace libagent
