#pragma once

#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/folder_indexer.hpp"
#include "libagent/adapters/sqlite_document_index.hpp"
#include "libagent/knowledge/question.hpp"

#include "tests/support/temporary_folder.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent::testing {

/// A temporary folder of documents and the data folder that holds its index.
struct indexed_folder {
  temporary_folder documents;
  temporary_folder data;

  [[nodiscard]] std::filesystem::path database() const {
    return document_database_path(data.path(), documents.path());
  }

  [[nodiscard]] expected<folder_index_report> index(folder_index_options options = {}) const {
    return index_folder(documents.path(), data.path(), options, std::stop_token{},
                        [](const folder_index_progress&) {});
  }

  [[nodiscard]] expected<std::unique_ptr<document_index>> open() const {
    return open_sqlite_document_index(database(), documents.path());
  }

  /// The files that hold a term of `query`, best first.
  [[nodiscard]] std::vector<std::string> files_with(const std::string& query) const {
    std::vector<std::string> files;
    auto opened = open();
    const auto hits = opened.value()->search(analyse_question(query).terms, 100);
    for (const auto& hit : hits.value().passages) {
      files.push_back(hit.file);
    }
    return files;
  }
};

}  // namespace libagent::testing
