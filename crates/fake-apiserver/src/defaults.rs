//! What the server fills in where a built-in object leaves it out, as far as an operator that switches or scales looks at it.

use serde_json::{Value, json};

use crate::Resource;

/// Fills in what is missing.
pub(crate) fn fill(resource: &Resource, object: &mut Value) {
    if let Some(spec) = object.pointer_mut("/spec/template/spec") {
        fill_ports(spec);
    }
    if *resource == Resource::DEPLOYMENTS {
        let rolling =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}});
        fill_in(
            &mut object["spec"],
            &json!({"replicas": 1, "strategy": rolling, "progressDeadlineSeconds": 600}),
        );
    } else if *resource == Resource::REPLICA_SETS {
        fill_in(&mut object["spec"], &json!({"replicas": 1}));
    } else if *resource == Resource::AUTOSCALERS {
        fill_in(&mut object["spec"], &json!({"minReplicas": 1}));
    } else if *resource == Resource::SERVICES {
        fill_in(&mut object["spec"], &json!({"type": "ClusterIP", "sessionAffinity": "None"}));
        for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
            let number = port["port"].clone();
            fill_in(port, &json!({"protocol": "TCP", "targetPort": number}));
        }
    } else if *resource == Resource::SECRETS {
        fill_in(object, &json!({"type": "Opaque"}));
    } else if *resource == Resource::ENDPOINT_SLICES {
        fill_in_each(object.get_mut("ports"), &json!({"protocol": "TCP"}));
    } else if *resource == Resource::PODS {
        if let Some(spec) = object.get_mut("spec") {
            fill_ports(spec);
        }
        fill_in(
            &mut object["spec"],
            &json!({"terminationGracePeriodSeconds": 30, "restartPolicy": "Always"}),
        );
    }
}

/// Of each container of a pod or of a template.
fn fill_ports(spec: &mut Value) {
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        fill_in_each(container.get_mut("ports"), &json!({"protocol": "TCP"}));
    }
}

fn fill_in_each(list: Option<&mut Value>, defaults: &Value) {
    for item in list.and_then(Value::as_array_mut).into_iter().flatten() {
        fill_in(item, defaults);
    }
}

fn fill_in(object: &mut Value, defaults: &Value) {
    for (key, value) in defaults.as_object().into_iter().flatten() {
        if object[key].is_null() {
            object[key].clone_from(value);
        }
    }
}
