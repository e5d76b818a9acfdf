#pragma once
/// Visits and their reasons for people and for spreadsheets. Pure.
#include <string>

#include "format.h"

namespace nestbox::cli {

/// One line a visit, newest first, as they come; a footnote where a clock was not right. Ends in a newline.
std::string visits_text(const Json& visits, const Style& style);

/// RFC 4180: a header with the names of the JSON's keys, then a line for each visit. What is not known is empty;
/// several triggers or zones stand in one field, with spaces between them.
std::string visits_csv(const Json& visits);

/// The sentence, then events and near misses with what held them back.
std::string why_text(const Json& body, const Style& style);

/// Of `day`: what the film shows, and what it could not.
std::string day_text(const Json& body);

/// What star, note and species say when they are done.
std::string remark_text(const std::string& command, const Json& visit);

}  // namespace nestbox::cli
