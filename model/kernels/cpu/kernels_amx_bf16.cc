#include "model/kernels/cpu/amx_product_kernel.h"

namespace drover::model::cpu {

const ProductRows kAmxProductRows = {/*step=*/32, /*least=*/32, /*most=*/256};

void AmxProduct(const PanelProduct& product) { TileProduct(product); }

}  // namespace drover::model::cpu
