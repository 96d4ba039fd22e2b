use dynagraph::prelude::*;

#[op]
fn many(a: DynamicOut<u8>, b: DynamicOut<u8>, c: DynamicOut<u8>, d: DynamicOut<u8>, e: DynamicOut<u8>, f: DynamicOut<u8>, g: DynamicOut<u8>, h: DynamicOut<u8>, i: DynamicOut<u8>) { // ERROR
    drop((a, b, c, d, e, f, g, h, i));
}

fn main() {}
