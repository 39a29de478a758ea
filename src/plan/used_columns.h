// Which of the columns that a plan reads it uses: the others are not decoded.
#pragma once
#include "plan/plan.h"

namespace levada {

// The plan with ReadNode::wanted as its steps use the columns. What the root gives is used, whatever it is.
PlanRef read_only_what_is_used(const PlanRef& root);

}  // namespace levada
